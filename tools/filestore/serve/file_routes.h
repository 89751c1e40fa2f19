#pragma once

/// Stored files by HTTP: what the original system had no route for, and the download that both have.

#include "serve/routes.h"

namespace filestore::tool::serve {

/// `/download/{file_id}`: bytes without a type of their own, as in the original system, always to be saved.
void download_file(const Context& context, const std::shared_ptr<Exchange>& exchange);
/// `/files/{file_id}/content`: the same bytes as what they were stored as; shown by a browser only where they are harmless.
void show_content(const Context& context, const std::shared_ptr<Exchange>& exchange);

/// `/signed/{file_id}`: what a URL of link_file() gives on a local store. The signature of the URL is its key.
void show_signed(const Context& context, const std::shared_ptr<Exchange>& exchange);

void show_file(const Context& context, const std::shared_ptr<Exchange>& exchange);
void undelete_file(const Context& context, const std::shared_ptr<Exchange>& exchange);
/// The body is the file; `?filename=` names it, and the request's type is its type.
void put_file(const Context& context, const std::shared_ptr<Exchange>& exchange);
/// A URL by which anybody can read the file for `?expires=` seconds.
void link_file(const Context& context, const std::shared_ptr<Exchange>& exchange);

}  // namespace filestore::tool::serve
