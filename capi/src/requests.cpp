#include "requests.h"

#include <utility>

#include "callbacks.h"
#include "service/file_info_json.h"

namespace filestore::capi {
namespace {

constexpr std::uint32_t default_limit = 1000;

std::function<Result<void>(const FileInfo&)> info_hook(const filestore_download_options& options) {
    if (options.info == nullptr) {
        return {};
    }
    return [info = options.info, context = options.info_context](const FileInfo& file) {
        const std::string json = to_json(file);
        return call_back(ErrorCode::sink_failed, "listener", [&] { return info(context, json.c_str()); });
    };
}

}  // namespace

Result<UploadRequest> upload_request(const char* id, Result<std::shared_ptr<Source>> source,
                                     const filestore_upload_options* options, const char* path) {
    UploadRequest request;
    FILESTORE_TRY_ASSIGN(request.id, parse_id(id));
    FILESTORE_TRY_ASSIGN(request.source, std::move(source));
    request.original_path = path;
    if (options != nullptr) {
        request.original_path = options->path.value_or(request.original_path);
        request.content_type = options->content_type;
        request.metadata = options->metadata;
        request.create_only = options->create_only;
        request.if_version = options->if_version;
        request.call = call_options(options->call);
    }
    return request;
}

Result<void> refuse_conditions(const filestore_upload_options* options) {
    if (options != nullptr && (options->create_only || !options->if_version.empty())) {
        return Error(ErrorCode::invalid_argument,
                     "a service gives every upload a new ID: create_only and if_version are of uploads to a "
                     "backend");
    }
    return {};
}

Result<DownloadRequest> download_request(const char* id, Result<std::shared_ptr<Sink>> sink,
                                         const filestore_download_options* options) {
    DownloadRequest request;
    FILESTORE_TRY_ASSIGN(request.id, parse_id(id));
    FILESTORE_TRY_ASSIGN(request.sink, std::move(sink));
    if (options != nullptr) {
        request.range = options->range;
        request.on_info = info_hook(*options);
        request.call = call_options(options->call);
    }
    return request;
}

Result<FileRequest> removal_request(const char* id, const filestore_call_options* options) {
    FILESTORE_TRY_ASSIGN(FileRequest request, file_request(id, options));
    if (options != nullptr) {
        request.if_version = options->if_version;
    }
    return request;
}

ListRequest list_request(const char* cursor, std::uint32_t limit, const filestore_call_options* options) {
    ListRequest request;
    request.cursor = cursor != nullptr ? cursor : "";
    request.limit = limit != 0 ? limit : default_limit;
    request.call = call_of(options);
    return request;
}

Result<PresignRequest> presign_request(const char* id, const filestore_presign_options* options) {
    PresignRequest request;
    FILESTORE_TRY_ASSIGN(request.id, parse_id(id));
    if (options != nullptr) {
        request.method = options->method;
        request.expires = options->expires;
        request.allow_earlier_expiry = !options->exact_expiry;
        request.answer_disposition = options->answer_disposition;
        request.answer_type = options->answer_type;
        request.call = call_options(options->call);
    }
    return request;
}

filestore_list_page page_of(ListPage page) {
    filestore_list_page result;
    result.files.reserve(page.files.size());
    for (const ListEntry& file : page.files) {
        result.files.push_back({file.id.str(), file.size, format_timestamp(file.last_modified)});
    }
    result.next = std::move(page.next);
    return result;
}

}  // namespace filestore::capi
