#include <memory>
#include <utility>

#include "core/encoding.h"
#include "core/http_date.h"
#include "disposition.h"
#include "download_name.h"
#include "serve/answers.h"
#include "serve/body_pipes.h"
#include "serve/conditions.h"
#include "serve/file_routes.h"
#include "serve/openai/file_routes.h"
#include "serve/openai/protocol.h"

namespace filestore::tool::serve {

namespace {

enum class Shape { original, stored, openai };

/// What one download works with; shared by its calls. A value.
struct Download {
    const Context& context;
    std::shared_ptr<Exchange> exchange;
    Shape shape;
    FileId id;
};

ErrorStyle error_style_of(Shape shape) {
    switch (shape) {
        case Shape::original:
            return ErrorStyle::original;
        case Shape::openai:
            return ErrorStyle::openai;
        case Shape::stored:
            break;
    }
    return ErrorStyle::problem;
}

Response not_found(const Download& download) {
    switch (download.shape) {
        case Shape::original:
            return detail_response(404, "File not found");
        case Shape::openai:
            return openai::no_such_file(download.exchange->request().file_id);
        case Shape::stored:
            break;
    }
    return problem_response(404, "there is no file of that ID");
}

Response failed(const Download& download, const Error& error) {
    if (error.code() == ErrorCode::not_found) {
        return not_found(download);
    }
    if (download.shape == Shape::openai) {
        return openai_error_of(error);
    }
    return download.shape == Shape::original ? detail_response(500, error.message()) : problem_of(error);
}

/// To this kind of caller.
bool is_gone(Shape shape, const FileInfo& info) {
    return shape == Shape::openai && openai::is_over(info.metadata, system_clock()->now());
}

void add_head(Response& response, Shape shape, const FileInfo& info) {
    const bool is_inline = shape != Shape::original && may_be_shown_inline(info.content_type);
    response.headers.push_back(
        {"Content-Type", shape == Shape::original ? std::string(default_content_type) : info.content_type});
    response.headers.push_back({"Content-Disposition", content_disposition(is_inline, download_name(info))});
    response.headers.push_back({"Accept-Ranges", "bytes"});
    response.headers.push_back({"Cache-Control", "private, no-cache"});
    if (const std::string tag = entity_tag(info); !tag.empty()) {
        response.headers.push_back({"ETag", tag});
    }
    if (info.last_modified != Timestamp()) {
        response.headers.push_back({"Last-Modified", format_http_date(info.last_modified)});
    }
}

std::string content_range(const Selection& selected, std::uint64_t size) {
    const std::string part =
        selected.status == 206
            ? std::to_string(selected.offset) + "-" + std::to_string(selected.offset + selected.length - 1)
            : "*";
    return "bytes " + part + "/" + std::to_string(size);
}

/// Nothing is in it, and nobody reads it.
std::shared_ptr<BodyReader> body_of_head(const Context& context) {
    return std::make_shared<DownloadPipe>(context.body_memory, [] {});
}

/// Of a status that comes with no bytes of the file.
Response without_bytes(const Download& download, const FileInfo& info, const Selection& selected) {
    Response response;
    response.status = selected.status;
    if (selected.status == 412) {
        response = error_response(error_style_of(download.shape), 412, "the file is of another version");
    } else if (selected.status == 416) {
        response = error_response(error_style_of(download.shape), 416, "the range lies outside the file");
        response.headers.push_back({"Content-Range", content_range(selected, info.size)});
    } else {
        // The length is that of the file (RFC 9110, 8.6).
        response.reader = body_of_head(download.context);
        response.size = info.size;
        add_head(response, download.shape, info);
    }
    return response;
}

Response with_bytes(Shape shape, const FileInfo& info, const Selection& selected,
                    std::shared_ptr<BodyReader> reader) {
    Response response;
    response.reader = std::move(reader);
    response.status = selected.status;
    add_head(response, shape, info);
    response.size = info.size;
    if (selected.status == 206) {
        response.size = selected.length;
        response.headers.push_back({"Content-Range", content_range(selected, info.size)});
    }
    return response;
}

DownloadRequest request_into(const Download& download, const std::shared_ptr<DownloadPipe>& pipe) {
    DownloadRequest request;
    request.id = download.id;
    request.sink = pipe;
    request.call.cancel = download.exchange->stop_token();
    return request;
}

/// Of a file that is there, but of which nothing is recorded, not even its size: its bytes, and that they are bytes.
void send_without_record(const Download& download) {
    const auto pipe =
        std::make_shared<DownloadPipe>(download.context.body_memory, download.exchange->wake_connection());
    FileInfo nothing_known;
    nothing_known.id = download.id;
    Response response;
    add_head(response, download.shape, nothing_known);
    response.reader = pipe;
    download.exchange->respond(std::move(response));
    if (download.exchange->request().method == "HEAD") {
        return;
    }
    download.context.service.download_async(request_into(download, pipe),
                                            [pipe](const Result<DownloadReceipt>& receipt) {
                                                if (!receipt) {
                                                    pipe->fail();
                                                }
                                            });
}

/// The original system wrote the record of a file last, so one may be without.
void answer_without_record(const Download& download, const Error& not_found_error) {
    FileRequest request{download.id, {}};
    request.call.cancel = download.exchange->stop_token();
    download.context.service.exists_async(
        std::move(request), [download, not_found_error](const Result<bool>& exists) {
            if (exists && *exists) {
                send_without_record(download);
            } else {
                download.exchange->respond(failed(download, exists ? not_found_error : exists.error()));
            }
        });
}

void answer_failure(const Download& download, const Error& error) {
    const bool may_lack_record = download.shape != Shape::openai && error.code() == ErrorCode::not_found;
    if (may_lack_record && !download.exchange->is_answered()) {
        answer_without_record(download, error);
    } else {
        download.exchange->respond(failed(download, error));
    }
}

/// A small file that is at hand is answered on the thread of the connections: the way to another one and back would cost more than all the rest. False where it is not so.
bool answered_at_once(const Download& download) {
    const Request& request = download.exchange->request();
    if (request.method == "HEAD") {
        return false;
    }
    auto file = download.context.service.read_at_hand(download.id, DownloadPipe::sent_with_its_head);
    if (!file) {
        return false;
    }
    if (is_gone(download.shape, file->info)) {
        download.exchange->respond(not_found(download));
        return true;
    }
    const Selection selected = select(request, file->info);
    if (selected.status != 200 && selected.status != 206) {
        download.exchange->respond(without_bytes(download, file->info, selected));
        return true;
    }
    Response response = with_bytes(download.shape, file->info, selected, nullptr);
    response.body = selected.status == 206 ? file->bytes.substr(selected.offset, selected.length)
                                           : std::move(file->bytes);
    download.exchange->respond(std::move(response));
    return true;
}

/// Where there is a version, only of that one.
void send(const Download& download, const Selection& selected, const std::optional<std::string>& version) {
    const auto pipe =
        std::make_shared<DownloadPipe>(download.context.body_memory, download.exchange->wake_connection());
    DownloadRequest request = request_into(download, pipe);
    if (selected.status == 206) {
        request.range = ByteRange{selected.offset, selected.length};
    }
    request.on_info = [download, selected, version, pipe](const FileInfo& info) -> Result<void> {
        if (is_gone(download.shape, info)) {
            return Error(ErrorCode::not_found);
        }
        if (version && info.version != *version) {
            return Error(ErrorCode::conflict, "the file was replaced meanwhile: ask again");
        }
        pipe->when_begun([download, selected, info, pipe](DownloadPipe::Body body) {
            Response response = with_bytes(download.shape, info, selected, pipe);
            if (body.bytes) {
                response.body = std::move(*body.bytes);
                response.reader = nullptr;
            }
            response.file = std::move(body.file);
            download.exchange->respond(std::move(response));
        });
        return {};
    };
    download.context.service.download_async(std::move(request),
                                            [download, pipe](const Result<DownloadReceipt>& receipt) {
                                                if (!receipt) {
                                                    pipe->fail();
                                                    answer_failure(download, receipt.error());
                                                }
                                            });
}

void answer_for(const Download& download, const FileInfo& info) {
    const Request& request = download.exchange->request();
    const Selection selected = select(request, info);
    if (is_gone(download.shape, info)) {
        download.exchange->respond(not_found(download));
    } else if (selected.status != 200 && selected.status != 206) {
        download.exchange->respond(without_bytes(download, info, selected));
    } else if (request.method == "HEAD") {
        download.exchange->respond(
            with_bytes(download.shape, info, selected, body_of_head(download.context)));
    } else {
        send(download, selected, info.version);
    }
}

void begin(const Download& download) {
    const std::shared_ptr<Exchange>& exchange = download.exchange;
    if (answered_at_once(download)) {
        return;
    }
    if (!depends_on_file(exchange->request())) {
        send(download, {}, std::nullopt);
        return;
    }
    FileRequest request{download.id, {}};
    request.call.cancel = exchange->stop_token();
    download.context.service.metadata_async(std::move(request), [download](const Result<FileInfo>& info) {
        if (info) {
            answer_for(download, *info);
        } else {
            answer_failure(download, info.error());
        }
    });
}

void begin(const Context& context, const std::shared_ptr<Exchange>& exchange, Shape shape) {
    const std::string& name = exchange->request().file_id;
    const auto id = shape == Shape::openai ? openai::parse_file_id(name) : FileId::parse(name);
    const Download download{context, exchange, shape, id.ok() ? *id : FileId()};
    if (id.ok()) {
        begin(download);
    } else {
        exchange->respond(not_found(download));
    }
}

/// As the client sent it, but for how it was encoded.
std::string url_of(const Request& request) {
    std::string url = '/' + percent_encode(request.file_id);
    char separator = '?';
    for (const auto& [name, value] : request.query) {
        url += separator + percent_encode(name) + '=' + percent_encode(value);
        separator = '&';
    }
    return url;
}

}  // namespace

void download_file(const Context& context, const std::shared_ptr<Exchange>& exchange) {
    begin(context, exchange, Shape::original);
}

void show_content(const Context& context, const std::shared_ptr<Exchange>& exchange) {
    begin(context, exchange, Shape::stored);
}

namespace openai {

void show_content(const Context& context, const std::shared_ptr<Exchange>& exchange) {
    begin(context, exchange, Shape::openai);
}

}  // namespace openai

void show_signed(const Context& context, const std::shared_ptr<Exchange>& exchange) {
    // Who may read a file may know that it is there, so HEAD needs no other signature.
    const auto id = check_signed_url(url_of(exchange->request()), PresignMethod::get,
                                     context.store.local.url_key, system_clock()->now());
    if (id.ok()) {
        begin(Download{context, exchange, Shape::stored, *id});
    } else {
        exchange->respond(problem_response(403, id.error().message()));
    }
}

}  // namespace filestore::tool::serve
