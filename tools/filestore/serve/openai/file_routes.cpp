#include "serve/openai/file_routes.h"

#include <functional>
#include <utility>

#include "json_line.h"
#include "serve/answers.h"
#include "serve/form_file.h"
#include "serve/openai/file_form.h"
#include "serve/openai/protocol.h"

namespace filestore::tool::serve::openai {

namespace {

/// The ID of the path; where it is none, the request is answered.
std::optional<FileId> id_of(const std::shared_ptr<Exchange>& exchange) {
    const std::string& name = exchange->request().file_id;
    const auto id = parse_file_id(name);
    if (!id.ok()) {
        exchange->respond(no_such_file(name));
        return std::nullopt;
    }
    return *id;
}

/// A file that is there, or else the request is answered.
using ThenWithFile = std::function<void(const FileInfo&)>;

void with_file(const Context& context, const std::shared_ptr<Exchange>& exchange, const FileId& id,
               ThenWithFile then) {
    FileRequest request{id, {}};
    request.call.cancel = exchange->stop_token();
    context.service.metadata_async(
        std::move(request), [exchange, then = std::move(then)](const Result<FileInfo>& info) {
            if (is_gone(info, system_clock()->now())) {
                return exchange->respond(no_such_file(exchange->request().file_id));
            }
            info.ok() ? then(*info) : exchange->respond(openai_error_of(info.error()));
        });
}

Response deleted(const std::string& name, const Result<bool>& removed) {
    if (!removed.ok()) {
        return openai_error_of(removed.error());
    }
    return *removed
               ? json_response(
                     200,
                     JsonLine().text("id", name).text("object", "file").boolean("deleted", true).object())
               : no_such_file(name);
}

}  // namespace

void create_file(const Context& context, const std::shared_ptr<Exchange>& exchange) {
    if (const auto refused = refusal_of_form_size(context, exchange->request())) {
        return exchange->respond(openai_error_of(*refused, "file"));
    }
    exchange->form_taker = std::make_unique<FileForm>(context, exchange);
}

void show_file(const Context& context, const std::shared_ptr<Exchange>& exchange) {
    if (const auto id = id_of(exchange)) {
        with_file(context, exchange, *id, [exchange](const FileInfo& info) {
            exchange->respond(json_response(200, file_object(info)));
        });
    }
}

void delete_file(const Context& context, const std::shared_ptr<Exchange>& exchange) {
    if (const auto id = id_of(exchange)) {
        with_file(context, exchange, *id, [&context, exchange](const FileInfo& info) {
            FileRequest request{info.id, {}};
            request.call.cancel = exchange->stop_token();
            context.service.remove_async(std::move(request), [exchange](const Result<bool>& removed) {
                exchange->respond(deleted(exchange->request().file_id, removed));
            });
        });
    }
}

}  // namespace filestore::tool::serve::openai
