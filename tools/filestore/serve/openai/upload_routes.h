#pragma once

/// The calls on uploads of the API of OpenAI. As Handler says.

#include "serve/routes.h"

namespace filestore::tool::serve::openai {

void create_upload(const Context& context, const std::shared_ptr<Exchange>& exchange);
/// A form with the part `data`, of up to 64 MiB.
void add_part(const Context& context, const std::shared_ptr<Exchange>& exchange);
/// Makes the file of the parts that are named, in that order. Called again it answers the same file.
void complete_upload(const Context& context, const std::shared_ptr<Exchange>& exchange);
void cancel_upload(const Context& context, const std::shared_ptr<Exchange>& exchange);

}  // namespace filestore::tool::serve::openai
