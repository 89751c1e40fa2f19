#pragma once

/// Pages of the list of files.

#include "serve/routes.h"

namespace filestore::tool::serve {

/// `?after=` is `next` of the page before. With `?details=true` each file is told of as by show_file, and a page has at most 100; where that fails for the file's own sake, as little as
/// without. With `?deleted=true` the page is of what undelete_file() gives back.
void list_files(const Context& context, const std::shared_ptr<Exchange>& exchange);

}  // namespace filestore::tool::serve
