#pragma once

/// For whoever watches the service.

#include "serve/routes.h"

namespace filestore::tool::serve {

/// The service runs.
void answer_healthy(const Context& context, const std::shared_ptr<Exchange>& exchange);
/// The store answers, too.
void answer_ready(const Context& context, const std::shared_ptr<Exchange>& exchange);

}  // namespace filestore::tool::serve
