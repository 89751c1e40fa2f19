#pragma once

/// The web page: a view of the other routes, with no right of its own.

#include "serve/routes.h"

namespace filestore::tool::serve {

/// `/`, and what that loads from `/page/`.
void answer_page(const Context& context, const std::shared_ptr<Exchange>& exchange);

}  // namespace filestore::tool::serve
