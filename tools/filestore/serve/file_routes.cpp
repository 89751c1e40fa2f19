#include "serve/file_routes.h"

#include <utility>

#include "core/ascii.h"
#include "disposition.h"
#include "json_line.h"
#include "serve/answers.h"
#include "serve/body_upload.h"
#include "serve/parameters.h"
#include "serve/stored_upload.h"
#include "serve/url.h"
#include "service/audit_json.h"
#include "service/file_info_json.h"
#include "service/validation/rules.h"

namespace filestore::tool::serve {

namespace {

constexpr std::uint64_t usual_expiry = 3600;
constexpr std::uint64_t longest_expiry = std::uint64_t{7} * 24 * 3600;

/// Larger than any file can be here.
std::optional<Response> refusal_of_size(const FileService& service, const FileUpload& file,
                                        std::optional<std::uint64_t> size) {
    const std::uint64_t most = service.max_upload_length();
    return most > 0 && size.value_or(0) > most
               ? std::optional(problem_of(validation::too_large(file.path, most, size)))
               : std::nullopt;
}

Response no_such_file() {
    return problem_response(404, "there is no file of that ID");
}

/// The ID of the path; where it is none, the request is answered.
std::optional<FileId> id_of(const std::shared_ptr<Exchange>& exchange) {
    const auto id = FileId::parse(exchange->request().file_id);
    if (!id) {
        exchange->respond(no_such_file());
        return std::nullopt;
    }
    return *id;
}

/// What a header says of the body that it would not be a file as it is (RFC 9110, 14.5 and 8.4).
std::optional<Response> refusal_of_body(const Request& request) {
    if (request.header("Content-Range") != nullptr) {
        return problem_response(400, "a file cannot be put in parts (Content-Range): see /uploads for that");
    }
    const std::string* encoding = request.header("Content-Encoding");
    if (encoding != nullptr && !equal_ignoring_case(*encoding, "identity")) {
        return problem_response(415, "files are stored as they come: send this one without Content-Encoding");
    }
    return std::nullopt;
}

/// `host`: where the link leads, where it is not null.
Response linked(const Result<PresignedUrl>& url, const std::string* host) {
    if (!url) {
        return problem_of(url.error());
    }
    const bool is_led = host != nullptr && is_host(*host);
    return json_response(200, JsonLine()
                                  .text("url", is_led ? with_host(url->url, *host) : url->url)
                                  .text("expires_at", format_timestamp(url->expires_at))
                                  .object());
}

Response stored(const Result<FileId>& id, const std::string& name) {
    if (!id) {
        return problem_of(id.error());
    }
    Response response =
        json_response(201, JsonLine().text("file_id", id->text()).text("filename", name).object());
    response.headers.push_back({"Location", "/files/" + id->str()});
    return response;
}

}  // namespace

void show_file(const Context& context, const std::shared_ptr<Exchange>& exchange) {
    const auto id = id_of(exchange);
    if (!id) {
        return;
    }
    FileRequest request{*id, {}};
    request.call.cancel = exchange->stop_token();
    context.service.metadata_async(std::move(request), [exchange](const Result<FileInfo>& info) {
        if (!info && info.error().code() == ErrorCode::not_found) {
            return exchange->respond(no_such_file());
        }
        exchange->respond(info ? json_response(200, to_json(*info)) : problem_of(info.error()));
    });
}

void undelete_file(const Context& context, const std::shared_ptr<Exchange>& exchange) {
    const auto id = id_of(exchange);
    if (!id) {
        return;
    }
    FileRequest request{*id, {}};
    request.call.cancel = exchange->stop_token();
    context.service.undelete_async(std::move(request), [exchange, id = *id](const Result<bool>& restored) {
        exchange->respond(
            restored ? json_response(
                           200, JsonLine().text("file_id", id.text()).boolean("restored", *restored).object())
                     : problem_of(restored.error()));
    });
}

void put_file(const Context& context, const std::shared_ptr<Exchange>& exchange) {
    const Request& head = exchange->request();
    if (auto refusal = refusal_of_body(head)) {
        exchange->respond(std::move(*refusal));
        return;
    }
    const std::string* name = head.parameter("filename");
    const std::string* type = head.header("Content-Type");
    auto file =
        upload_of(name == nullptr ? "" : *name, type == nullptr ? std::nullopt : std::optional(*type));
    if (!file) {
        exchange->respond(problem_of(file.error()));
        return;
    }
    const auto allowed = context.service.check_upload(file->path, file->content_type, head.content_length);
    if (!allowed.ok()) {
        exchange->respond(problem_of(allowed.error()));
        return;
    }
    if (auto refusal = refusal_of_size(context.service, *file, head.content_length)) {
        exchange->respond(std::move(*refusal));
        return;
    }
    const auto pipe = take_body(context, exchange, IfCut::drop);
    file->source = pipe;
    file->call.cancel = exchange->stop_token();
    const std::string recorded_name = file->path;
    context.service.upload_async(std::move(*file), [exchange, pipe, recorded_name](const Result<FileId>& id) {
        exchange->respond(stored(id, recorded_name));
        pipe->close();
    });
}

namespace {

void link(const Context& context, const std::shared_ptr<Exchange>& exchange, PresignRequest wanted) {
    const std::string* host = context.links_to_caller ? exchange->request().header("Host") : nullptr;
    context.service.presign_async(std::move(wanted), [exchange, host](const Result<PresignedUrl>& url) {
        exchange->respond(linked(url, host));
    });
}

/// Of a file of which nothing but its bytes may be there.
void link_without_record(const Context& context, const std::shared_ptr<Exchange>& exchange,
                         PresignRequest wanted) {
    FileInfo nothing_known;
    nothing_known.id = wanted.id;
    dispose_of(wanted, nothing_known);
    context.service.exists_async(
        {wanted.id, wanted.call}, [&context, exchange, wanted](const Result<bool>& exists) {
            if (exists && *exists) {
                link(context, exchange, wanted);
            } else {
                exchange->respond(exists ? no_such_file() : problem_of(exists.error()));
            }
        });
}

}  // namespace

void link_file(const Context& context, const std::shared_ptr<Exchange>& exchange) {
    const auto id = id_of(exchange);
    if (!id) {
        return;
    }
    const auto expires = number_of(exchange, "expires", usual_expiry, longest_expiry);
    if (!expires) {
        return;
    }
    PresignRequest wanted;
    wanted.id = *id;
    wanted.expires = std::chrono::seconds(*expires);
    wanted.call.cancel = exchange->stop_token();
    FileRequest request{*id, wanted.call};
    context.service.metadata_async(std::move(request), [&context, exchange, wanted = std::move(wanted)](
                                                           const Result<FileInfo>& info) mutable {
        if (info) {
            dispose_of(wanted, *info);
            link(context, exchange, std::move(wanted));
        } else if (info.error().code() == ErrorCode::not_found) {
            link_without_record(context, exchange, std::move(wanted));
        } else {
            exchange->respond(problem_of(info.error()));
        }
    });
}

}  // namespace filestore::tool::serve
