#include "serve/metrics_routes.h"

#include "filestore/time.h"
#include "serve/metrics/metrics.h"

namespace filestore::tool::serve {

namespace {

constexpr std::chrono::seconds longest_answer_of_a_catalogue{5};

Response exposed(std::string text) {
    Response response;
    response.headers = {{"Content-Type", "text/plain; version=0.0.4; charset=utf-8"},
                        {"Cache-Control", "no-store"}};
    response.body = std::move(text);
    return response;
}

}  // namespace

void answer_metrics(const Context& context, const std::shared_ptr<Exchange>& exchange) {
    CallOptions call;
    call.deadline = deadline_in(longest_answer_of_a_catalogue);
    call.cancel = exchange->stop_token();
    context.service.audit_status_async(
        call, [&metrics = context.metrics, exchange](const Result<AuditStatus>& status) {
            exchange->respond(exposed(
                metrics.text(status.ok() ? std::optional(*status) : std::nullopt, system_clock()->now())));
        });
}

}  // namespace filestore::tool::serve
