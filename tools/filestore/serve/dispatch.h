#pragma once

/// From a request to its handler.

#include <memory>

#include "serve/exchange.h"
#include "serve/guards.h"
#include "serve/routes.h"

namespace filestore::tool::serve {

/// Refuses, redirects or hands over. A value; immutable, so for any thread.
class Dispatcher {
public:
    Dispatcher(const Context& context, Guard guard) : context_(context), guard_(std::move(guard)) {}

    void operator()(const std::shared_ptr<Exchange>& exchange) const;

private:
    const Context& context_;
    Guard guard_;
};

}  // namespace filestore::tool::serve
