#pragma once

/// The routes of the original system, with its answers to the letter.

#include "serve/routes.h"

namespace filestore::tool::serve {

/// The file is the last part of the form that is called `file`.
void upload_form(const Context& context, const std::shared_ptr<Exchange>& exchange);
void delete_file(const Context& context, const std::shared_ptr<Exchange>& exchange);
void cleanup_files(const Context& context, const std::shared_ptr<Exchange>& exchange);

}  // namespace filestore::tool::serve
