#include "serve/health_routes.h"

#include <string>

#include "json_line.h"
#include "serve/answers.h"
#include "serve/readiness.h"

namespace filestore::tool::serve {

namespace {

Response healthy() {
    return json_response(200, JsonLine().text("status", "ok").object());
}

}  // namespace

void answer_healthy(const Context&, const std::shared_ptr<Exchange>& exchange) {
    exchange->respond(healthy());
}

void answer_ready(const Context& context, const std::shared_ptr<Exchange>& exchange) {
    context.readiness.ask([exchange](const Result<void>& said) {
        // Anybody may ask: names of places are for those with a key.
        exchange->respond(said
                              ? healthy()
                              : problem_response(503, "the store does not do what it is asked for (" +
                                                          std::string(to_string(said.error().code())) + ")"));
    });
}

}  // namespace filestore::tool::serve
