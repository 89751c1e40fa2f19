#pragma once

/// What the service says of itself: a document for programs (OpenAPI 3.1), and a page for people that is made from it.

#include "serve/routes.h"

namespace filestore::tool::serve {

void answer_openapi(const Context& context, const std::shared_ptr<Exchange>& exchange);
void answer_docs(const Context& context, const std::shared_ptr<Exchange>& exchange);
void answer_docs_style(const Context& context, const std::shared_ptr<Exchange>& exchange);
void answer_docs_script(const Context& context, const std::shared_ptr<Exchange>& exchange);

}  // namespace filestore::tool::serve
