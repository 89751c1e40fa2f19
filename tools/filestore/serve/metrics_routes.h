#pragma once

/// For Prometheus.

#include "serve/routes.h"

namespace filestore::tool::serve {

void answer_metrics(const Context& context, const std::shared_ptr<Exchange>& exchange);

}  // namespace filestore::tool::serve
