#pragma once

/// Which request goes where, as data.

#include <memory>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>

#include "filestore/service.h"
#include "serve/access/scopes.h"
#include "serve/exchange.h"

namespace filestore::tool::serve {

class BodyMemory;
class Metrics;
class Readiness;

namespace tus {
class PiecesUnderWay;
}
namespace openai {
class PartsStore;
class UploadsBeingMade;
}  // namespace openai

/// What handlers work with. A value of references; what it refers to outlives every exchange.
struct Context {
    FileService& service;
    Metrics& metrics;
    BodyMemory& body_memory;
    const ServiceOptions& store;
    tus::PiecesUnderWay& pieces;
    openai::PartsStore& parts;
    openai::UploadsBeingMade& uploads_being_made;
    Readiness& readiness;
    /// By what name this service is called is known to its callers alone, so that links lead to the host that their request was for.
    bool links_to_caller;
    /// Requested when the service ends and does not wait any longer: for calls of the store that go on without their client.
    std::stop_token end;
};

/// Answers a request, at once or later, on the thread of the connections: it must not wait.
using Handler = void (*)(const Context& context, const std::shared_ptr<Exchange>& exchange);

/// How errors of a route look: as those of the original system, as RFC 9457 says, or as the API of OpenAI has them.
enum class ErrorStyle { original, problem, openai };

/// A value.
struct Route {
    std::string_view method;
    /// Segments; `{file_id}` is any one that is not empty.
    std::string_view path;
    Scope scope;
    ErrorStyle errors;
    Handler handler;
};

/// Of all that this service answers.
[[nodiscard]] std::span<const Route> all_routes();

/// What was found for a request. A value.
struct RouteMatch {
    /// Null where no route has that path and method.
    const Route* route = nullptr;
    std::string file_id;
    /// Where only the method is wrong: those that are right, as the header Allow has them; else empty.
    std::string allowed;
    /// How the errors of that path look.
    ErrorStyle errors = ErrorStyle::original;
};

[[nodiscard]] RouteMatch find_route(std::span<const Route> among, std::string_view method,
                                    std::string_view path);

}  // namespace filestore::tool::serve
