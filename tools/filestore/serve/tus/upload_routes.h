#pragma once

/// Resumable uploads by the tus protocol 1.0, over those of FileService (resumable_upload.h). The handlers of routes.h.

#include "serve/routes.h"

namespace filestore::tool::serve::tus {

void tell_options(const Context& context, const std::shared_ptr<Exchange>& exchange);
void create_upload(const Context& context, const std::shared_ptr<Exchange>& exchange);
/// The next three cut off a piece of the same upload that this process is still receiving: its client has lost that connection.
/// Also makes the file of an upload whose bytes are all there, where nobody could do that before.
void show_upload(const Context& context, const std::shared_ptr<Exchange>& exchange);
void append_to_upload(const Context& context, const std::shared_ptr<Exchange>& exchange);
void end_upload(const Context& context, const std::shared_ptr<Exchange>& exchange);
/// For clients that cannot send every method: X-HTTP-Method-Override names it.
void do_as_overridden(const Context& context, const std::shared_ptr<Exchange>& exchange);

}  // namespace filestore::tool::serve::tus
