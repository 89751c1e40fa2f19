#pragma once

/// From a request to its handler.

#include <memory>

#include "filestore/executor.h"
#include "serve/access/authenticator.h"
#include "serve/access/cross_origin.h"
#include "serve/access/rate_limit.h"
#include "serve/exchange.h"
#include "serve/guards.h"
#include "serve/routes.h"

namespace filestore::tool::serve {

/// Who may call. A value (the limit is shared).
struct Access {
    Authenticator authenticator;
    /// Where nobody needs a key.
    Guard guard;
    CrossOrigin cross_origin;
    std::shared_ptr<RateLimit> rate_limit;
    std::string scheme;
};

/// Refuses, redirects or hands over. A value; immutable, so for any thread.
class Dispatcher {
public:
    Dispatcher(const Context& context, Access access) : context_(context), access_(std::move(access)) {}

    void operator()(const std::shared_ptr<Exchange>& exchange) const;

private:
    [[nodiscard]] std::optional<Response> refusal(const Request& request, const RouteMatch& match) const;
    [[nodiscard]] std::optional<Response> refusal_of_caller(const Request& request,
                                                            const RouteMatch& match) const;
    [[nodiscard]] std::optional<Response> refusal_of_rate(const std::string& caller, ErrorStyle style) const;
    [[nodiscard]] Response redirect(const Request& request, const std::string& path) const;
    [[nodiscard]] Response unrouted(const Request& request, const RouteMatch& match) const;

    const Context& context_;
    Access access_;
};

}  // namespace filestore::tool::serve
