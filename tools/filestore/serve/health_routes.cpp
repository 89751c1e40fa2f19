#include "serve/health_routes.h"

#include <utility>

#include "json_line.h"
#include "serve/answers.h"

namespace filestore::tool::serve {

namespace {

constexpr std::chrono::seconds longest_answer_of_a_store{5};

Response healthy() {
    return json_response(200, JsonLine().text("status", "ok").object());
}

}  // namespace

void answer_healthy(const Context&, const std::shared_ptr<Exchange>& exchange) {
    exchange->respond(healthy());
}

void answer_ready(const Context& context, const std::shared_ptr<Exchange>& exchange) {
    ListRequest request;
    request.limit = 1;
    request.call.deadline = deadline_in(longest_answer_of_a_store);
    request.call.cancel = exchange->stop_token();
    context.service.list_async(std::move(request), [exchange](const Result<ListPage>& page) {
        exchange->respond(page ? healthy() : problem_response(503, page.error().message()));
    });
}

}  // namespace filestore::tool::serve
