#pragma once

/// The calls on files of the API of OpenAI. As Handler says.

#include "serve/routes.h"

namespace filestore::tool::serve::openai {

/// A form with the parts `file`, `purpose` and perhaps `expires_after[anchor]` and `expires_after[seconds]`, in any order.
void create_file(const Context& context, const std::shared_ptr<Exchange>& exchange);
/// `?after=`, `?limit=`, `?order=` and `?purpose=`, of what the catalogue has as stored.
void list_files(const Context& context, const std::shared_ptr<Exchange>& exchange);
void show_file(const Context& context, const std::shared_ptr<Exchange>& exchange);
void delete_file(const Context& context, const std::shared_ptr<Exchange>& exchange);
/// As serve::show_content.
void show_content(const Context& context, const std::shared_ptr<Exchange>& exchange);

}  // namespace filestore::tool::serve::openai
