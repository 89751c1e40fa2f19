#include "serve/tus/upload_routes.h"

#include <utility>

#include "core/http_date.h"
#include "core/try.h"
#include "serve/answers.h"
#include "serve/body_upload.h"
#include "serve/decimal.h"
#include "serve/tus/pieces_under_way.h"
#include "serve/tus/protocol.h"

namespace filestore::tool::serve::tus {

namespace {

using ExchangePtr = std::shared_ptr<Exchange>;

Response with_version(Response response) {
    response.headers.push_back({"Tus-Resumable", std::string(version)});
    response.headers.push_back({"Cache-Control", "no-store"});
    return response;
}

Response status_only(unsigned status) {
    Response response;
    response.status = status;
    return with_version(std::move(response));
}

Response problem(unsigned status, std::string_view detail) {
    return with_version(problem_response(status, detail));
}

unsigned status_of_upload(const Error& error) {
    const std::string& reason = error.details().server_code;
    switch (error.code()) {
        case ErrorCode::not_found:
            return reason == "expired" ? 410 : 404;
        case ErrorCode::precondition_failed:
            return 409;
        case ErrorCode::conflict:
            return 423;
        case ErrorCode::rejected:
            return reason == "length" ? 413 : status_of(error);
        case ErrorCode::corrupt:
            return reason == "checksum" ? 460 : 500;
        default:
            return status_of(error);
    }
}

Response problem(const Error& error) {
    Response response = problem(status_of_upload(error), error.message());
    // A length that is not kept to is no rule.
    response.broken_rule = error.details().server_code == "length" ? std::string() : broken_rule_of(error);
    return response;
}

std::string place_of(const FileId& id) {
    return "/uploads/" + id.str();
}

/// What every answer of an upload says of it.
void add_state(Response& response, const ResumableUpload& upload) {
    response.headers.push_back({"Upload-Offset", std::to_string(upload.offset)});
    if (!upload.finished) {
        response.headers.push_back({"Upload-Expires", format_http_date(upload.expires_at)});
        return;
    }
    response.headers.push_back({"Content-Location", "/files/" + upload.id.str()});
    response.headers.push_back({"Filestore-File-Id", upload.id.str()});
}

/// The request is of this protocol; else it is answered.
bool is_of_version(const ExchangePtr& exchange) {
    const std::string* const asked = exchange->request().header("Tus-Resumable");
    if (asked != nullptr && *asked == version) {
        return true;
    }
    Response response = problem(
        412, "Tus-Resumable: this service speaks version " + std::string(version) + " of the tus protocol");
    response.headers.push_back({"Tus-Version", std::string(version)});
    exchange->respond(std::move(response));
    return false;
}

/// The ID of the path; else the request is answered.
std::optional<FileId> id_of(const ExchangePtr& exchange) {
    const auto id = FileId::parse(exchange->request().file_id);
    if (!id.ok()) {
        exchange->respond(problem(404, "there is no upload of that name"));
        return std::nullopt;
    }
    return *id;
}

/// Nothing where the header is not there.
Result<std::optional<std::uint64_t>> number_of(const Request& request, std::string_view name) {
    const std::string* const text = request.header(name);
    const auto number = text == nullptr ? std::nullopt : decimal(*text);
    // The library's own types of sizes are signed somewhere below.
    if (text != nullptr && (!number || *number > INT64_MAX)) {
        return Error(ErrorCode::invalid_argument, std::string(name) + ": give a number of bytes");
    }
    return number;
}

Result<std::optional<ChecksumValue>> checksum_of(const Request& request) {
    const std::string* const text = request.header("Upload-Checksum");
    if (text == nullptr) {
        return std::optional<ChecksumValue>();
    }
    FILESTORE_TRY_ASSIGN(ChecksumValue checksum, parse_checksum(*text));
    return std::optional(std::move(checksum));
}

bool has_piece(const Request& request) {
    const std::string* const type = request.header("Content-Type");
    return request.has_body && type != nullptr && *type == piece_type;
}

/// Of a piece of a file, what came before it was cut stays.
std::shared_ptr<UploadPipe> take_piece(const Context& context, const ExchangePtr& exchange) {
    return take_body(context, exchange, IfCut::keep);
}

/// A call that goes on without its client, but not without the service.
FileRequest call_for(const Context& context, const FileId& id) {
    return {id, {{}, context.end, {}, {}}};
}

/// Answers once the file is made, where all bytes are there. `respond` adds what the request wants to know.
using Answer = std::function<void(const Result<ResumableUpload>&)>;

/// Clients that have gone come back, and want to find the file: it is made all the same.
void finish_if_complete(const Context& context, const ResumableUpload& upload, const Answer& answer) {
    if (upload.finished || !upload.complete()) {
        return answer(upload);
    }
    context.service.finish_upload_async(
        call_for(context, upload.id), [upload, answer](const Result<FileId>& id) {
            if (!id.ok() && id.error().code() == ErrorCode::precondition_failed) {
                // They were there, and are taken back: a piece was too long, or of another checksum.
                return answer(Error(ErrorCode::conflict, std::string(id.error().message())));
            }
            ResumableUpload finished = upload;
            finished.finished = true;
            answer(id.ok() ? Result<ResumableUpload>(std::move(finished)) : id.error());
        });
}

/// What a client that has gone had sent stays, so its going does not cancel it. `answer` keeps the exchange, and with it the context.
void append_piece(const Context& context, UploadAppend append, const std::shared_ptr<UploadPipe>& pipe,
                  const Answer& answer) {
    append.source = pipe;
    append.call.cancel = context.end;
    const FileId id = append.id;
    const Answer end = [&context, id, answer](const Result<ResumableUpload>& upload) {
        answer(upload);
        context.pieces.end(id);
    };
    context.pieces.begin(id, pipe, [&context, append = std::move(append), pipe, end] {
        context.service.append_async(append, [&context, pipe, end](const Result<ResumableUpload>& upload) {
            upload.ok() ? finish_if_complete(context, *upload, end) : end(upload);
            pipe->close();
        });
    });
}

Result<NewUpload> new_upload_of(const Request& request) {
    const std::string* const metadata = request.header("Upload-Metadata");
    FILESTORE_TRY_ASSIGN(const auto pairs, parse_metadata(metadata == nullptr ? "" : *metadata));
    FILESTORE_TRY_ASSIGN(NewUpload upload, upload_of(pairs));
    FILESTORE_TRY_ASSIGN(upload.length, number_of(request, "Upload-Length"));
    const std::string* const deferred = request.header("Upload-Defer-Length");
    const bool is_deferred = deferred != nullptr && *deferred == "1";
    if (is_deferred == upload.length.has_value() || (deferred != nullptr && !is_deferred)) {
        return Error(ErrorCode::invalid_argument,
                     "give either Upload-Length, a number of bytes, or Upload-Defer-Length: 1");
    }
    return upload;
}

void tell_created(const ExchangePtr& exchange, const Result<ResumableUpload>& upload) {
    if (!upload.ok()) {
        return exchange->respond(problem(upload.error()));
    }
    Response response = status_only(201);
    response.headers.push_back({"Location", place_of(upload->id)});
    add_state(response, *upload);
    exchange->respond(std::move(response));
}

void tell_appended(const ExchangePtr& exchange, const Result<ResumableUpload>& upload) {
    if (!upload.ok()) {
        return exchange->respond(problem(upload.error()));
    }
    Response response = status_only(204);
    add_state(response, *upload);
    exchange->respond(std::move(response));
}

void tell_state(const ExchangePtr& exchange, const Result<ResumableUpload>& upload) {
    if (!upload.ok()) {
        return exchange->respond(problem(upload.error()));
    }
    Response response = status_only(200);
    add_state(response, *upload);
    response.headers.push_back(upload->length ? Header{"Upload-Length", std::to_string(*upload->length)}
                                              : Header{"Upload-Defer-Length", "1"});
    // Of a file only those are told more who may read: whoever may only write is to know how far an upload has come.
    const std::string metadata = upload->finished ? std::string() : metadata_header(*upload);
    if (!metadata.empty()) {
        response.headers.push_back({"Upload-Metadata", metadata});
    }
    exchange->respond(std::move(response));
}

Result<UploadAppend> append_of(const Request& request, const FileId& id) {
    UploadAppend append;
    append.id = id;
    FILESTORE_TRY_ASSIGN(const auto offset, number_of(request, "Upload-Offset"));
    if (!offset) {
        return Error(ErrorCode::invalid_argument, "Upload-Offset: give a number of bytes");
    }
    append.offset = *offset;
    FILESTORE_TRY_ASSIGN(append.length, number_of(request, "Upload-Length"));
    FILESTORE_TRY_ASSIGN(append.checksum, checksum_of(request));
    return append;
}

}  // namespace

void tell_options(const Context& context, const ExchangePtr& exchange) {
    const std::uint64_t most = context.service.max_upload_length();
    Response response = status_only(204);
    response.headers.push_back({"Tus-Version", std::string(version)});
    if (most > 0) {
        response.headers.push_back({"Tus-Extension", std::string(extensions)});
        response.headers.push_back({"Tus-Checksum-Algorithm", std::string(checksum_algorithms)});
        response.headers.push_back({"Tus-Max-Size", std::to_string(most)});
    }
    exchange->respond(std::move(response));
}

void create_upload(const Context& context, const ExchangePtr& exchange) {
    const Request& request = exchange->request();
    if (!is_of_version(exchange)) {
        return;
    }
    auto upload = new_upload_of(request);
    const auto checksum = checksum_of(request);
    if (!upload.ok() || !checksum.ok()) {
        return exchange->respond(problem(upload.ok() ? checksum.error() : upload.error()));
    }
    const auto allowed = context.service.check_upload(upload->path, upload->content_type, upload->length);
    if (!allowed.ok()) {
        return exchange->respond(problem(allowed.error()));
    }
    const std::shared_ptr<UploadPipe> piece = has_piece(request) ? take_piece(context, exchange) : nullptr;
    const Answer answer = [exchange](const Result<ResumableUpload>& made) { tell_created(exchange, made); };
    upload->call.cancel = context.end;
    context.service.begin_upload_async(std::move(*upload), [&context, piece, checksum = *checksum,
                                                            answer](const Result<ResumableUpload>& begun) {
        if (begun.ok() && piece) {
            UploadAppend append;
            append.id = begun->id;
            append.checksum = checksum;
            return append_piece(context, std::move(append), piece, answer);
        }
        begun.ok() ? finish_if_complete(context, *begun, answer) : answer(begun);
        if (piece) {
            piece->close();
        }
    });
}

void show_upload(const Context& context, const ExchangePtr& exchange) {
    const auto id = is_of_version(exchange) ? id_of(exchange) : std::nullopt;
    if (!id) {
        return;
    }
    const Answer answer = [exchange](const Result<ResumableUpload>& upload) { tell_state(exchange, upload); };
    context.pieces.cut_off(*id, [&context, id = *id, answer] {
        context.service.resumable_upload_async(
            call_for(context, id), [&context, answer](const Result<ResumableUpload>& upload) {
                upload.ok() ? finish_if_complete(context, *upload, answer) : answer(upload);
            });
    });
}

void append_to_upload(const Context& context, const ExchangePtr& exchange) {
    const Request& request = exchange->request();
    const auto id = is_of_version(exchange) ? id_of(exchange) : std::nullopt;
    if (!id) {
        return;
    }
    const std::string* const type = request.header("Content-Type");
    if (type == nullptr || *type != piece_type) {
        return exchange->respond(
            problem(415, "Content-Type: a piece of a file is " + std::string(piece_type)));
    }
    auto append = append_of(request, *id);
    if (!append.ok()) {
        return exchange->respond(problem(append.error()));
    }
    append_piece(context, std::move(*append), take_piece(context, exchange),
                 [exchange](const Result<ResumableUpload>& upload) { tell_appended(exchange, upload); });
}

void end_upload(const Context& context, const ExchangePtr& exchange) {
    const auto id = is_of_version(exchange) ? id_of(exchange) : std::nullopt;
    if (!id) {
        return;
    }
    const auto tell = [exchange](const Result<bool>& ended) {
        exchange->respond(!ended.ok() ? problem(ended.error())
                          : *ended
                              ? status_only(204)
                              : problem(404,
                                        "there is no unfinished upload of that name: a file is deleted by "
                                        "DELETE /delete/{file_id}"));
    };
    context.pieces.cut_off(
        *id, [&context, id = *id, tell] { context.service.end_upload_async(call_for(context, id), tell); });
}

void do_as_overridden(const Context& context, const ExchangePtr& exchange) {
    const std::string* const method = exchange->request().header("X-HTTP-Method-Override");
    if (method != nullptr && *method == "PATCH") {
        return append_to_upload(context, exchange);
    }
    if (method != nullptr && *method == "DELETE") {
        return end_upload(context, exchange);
    }
    if (method != nullptr && *method == "HEAD") {
        return show_upload(context, exchange);
    }
    Response response = problem(405, "give the method by X-HTTP-Method-Override: PATCH, HEAD or DELETE");
    response.headers.push_back({"Allow", "HEAD, PATCH, DELETE"});
    exchange->respond(std::move(response));
}

}  // namespace filestore::tool::serve::tus
