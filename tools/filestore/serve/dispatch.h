#pragma once

/// From a request to its handler.

#include <memory>
#include <utility>

#include "serve/exchange.h"
#include "serve/generation.h"
#include "serve/metrics/metrics.h"

namespace filestore::tool::serve {

/// Refuses, redirects or hands over. A value (shared handles); immutable, so for any thread.
class Dispatcher {
public:
    Dispatcher(std::shared_ptr<const CurrentGeneration> current, std::shared_ptr<Metrics> metrics)
        : current_(std::move(current)), metrics_(std::move(metrics)) {}

    void operator()(const std::shared_ptr<Exchange>& exchange) const;

private:
    std::shared_ptr<const CurrentGeneration> current_;
    std::shared_ptr<Metrics> metrics_;
};

}  // namespace filestore::tool::serve
