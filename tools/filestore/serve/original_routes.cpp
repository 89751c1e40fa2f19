#include "serve/original_routes.h"

#include <memory>
#include <utility>

#include "json_line.h"
#include "serve/answers.h"
#include "serve/cleanup_log.h"
#include "serve/days.h"
#include "serve/upload_form.h"

namespace filestore::tool::serve {

namespace {

/// The most that CleanupRequest::days takes: a century.
constexpr std::uint64_t most_days = 36'500;

Response file_not_found() {
    return detail_response(404, "File not found");
}

Response failed(const Error& error) {
    return detail_response(500, error.message());
}

Response deleted(const Result<bool>& removed) {
    if (!removed) {
        return failed(removed.error());
    }
    return *removed ? json_response(200, JsonLine().text("message", "File deleted successfully").object())
                    : file_not_found();
}

Response cleaned_up(const Result<CleanupReport>& report) {
    if (!report) {
        return failed(report.error());
    }
    return json_response(200, JsonLine()
                                  .text("message", "Deleted " + std::to_string(report->removed) + " files")
                                  .number("deleted_count", report->removed)
                                  .object());
}

}  // namespace

void upload_form(const Context& context, const std::shared_ptr<Exchange>& exchange) {
    if (auto refused = refusal_of_form(context, exchange->request())) {
        exchange->respond(std::move(*refused));
        return;
    }
    exchange->form_taker = std::make_unique<UploadForm>(context, exchange);
}

void delete_file(const Context& context, const std::shared_ptr<Exchange>& exchange) {
    const auto id = FileId::parse(exchange->request().file_id);
    if (!id) {
        exchange->respond(file_not_found());
        return;
    }
    FileRequest request{*id, {}};
    request.call.cancel = exchange->stop_token();
    context.service.remove_async(
        std::move(request), [exchange](const Result<bool>& removed) { exchange->respond(deleted(removed)); });
}

void cleanup_files(const Context& context, const std::shared_ptr<Exchange>& exchange) {
    const auto days = parse_days(exchange->request().parameter("days"));
    if (!days.invalid.type.empty()) {
        exchange->respond(invalid_input_response(days.invalid));
        return;
    }
    if (days.number > most_days) {
        // Nothing is that old.
        exchange->respond(cleaned_up(CleanupReport()));
        return;
    }
    CleanupRequest request;
    request.days = static_cast<unsigned>(days.number);
    request.call.cancel = exchange->stop_token();
    const auto run = std::make_shared<CleanupLog>(context.metrics);
    request.on_file = [run](const CleanupFile& file) -> Result<void> {
        run->take(file);
        return {};
    };
    context.service.cleanup_async(std::move(request), [run, exchange](const Result<CleanupReport>& report) {
        run->end(report);
        exchange->respond(cleaned_up(report));
    });
}

}  // namespace filestore::tool::serve
