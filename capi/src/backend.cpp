/// Backends: the stores below services, by which a file is stored under an ID of the caller's.

#include "backend.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "answers.h"
#include "requests.h"
#include "service/file_info_json.h"
#include "service/open_store.h"
#include "streams.h"

namespace filestore::capi {
namespace {

/// What it can, by name.
struct Ability {
    std::string_view name;
    bool Capabilities::*has;
};

constexpr auto abilities = std::to_array<Ability>({
    {"compare_and_delete", &Capabilities::compare_and_delete},
    {"compare_and_swap", &Capabilities::compare_and_swap},
    {"leaves_uploads", &Capabilities::leaves_uploads},
    {"may_store_late", &Capabilities::may_store_late},
    {"presign", &Capabilities::presign},
    {"remove_tells_existence", &Capabilities::remove_tells_existence},
});

bool has_ability(const StorageBackend& backend, const char* name) noexcept {
    const Capabilities capabilities = backend.capabilities();
    const auto found = std::find_if(abilities.begin(), abilities.end(),
                                    [name](const Ability& ability) { return ability.name == name; });
    return found != abilities.end() && capabilities.*found->has;
}

Result<void> upload_to(filestore_backend* backend, Result<UploadRequest> request) {
    FILESTORE_TRY(require(backend, "backend"));
    FILESTORE_TRY(request);
    FILESTORE_TRY(backend->backend->upload(std::move(*request)));
    return {};
}

/// Answers the number of bytes.
Result<std::uint64_t> download_from(filestore_backend* backend, Result<DownloadRequest> request) {
    FILESTORE_TRY(require(backend, "backend"));
    FILESTORE_TRY(request);
    FILESTORE_TRY_ASSIGN(const DownloadReceipt receipt, backend->backend->download(std::move(*request)));
    return receipt.bytes;
}

/// A store that cannot compare the version might pass over it, and remove the file.
Result<FileRequest> removal_from(const filestore_backend& backend, const char* id,
                                 const filestore_call_options* options) {
    FILESTORE_TRY_ASSIGN(FileRequest request, removal_request(id, options));
    if (!request.if_version.empty() && !backend.backend->capabilities().compare_and_delete) {
        return Error(ErrorCode::unsupported,
                     "this store cannot compare the version of a file that it removes: leave if_version out");
    }
    return request;
}

Completion<UploadReceipt> receipt_to(filestore_done_function done, void* context) {
    return answer_to<UploadReceipt>(done, context, [](filestore_answer&, const UploadReceipt&) {});
}

Completion<FileInfo> info_to(filestore_done_function done, void* context) {
    return answer_to<FileInfo>(done, context, [](filestore_answer& answer, const FileInfo& info) {
        answer.buffer.emplace(filestore_buffer{to_json(info)});
        answer.version = info.version;
    });
}

Result<void> tell_metadata(const FileInfo& info, filestore_buffer** json, filestore_buffer** version) {
    std::unique_ptr<filestore_buffer> described(make_handle<filestore_buffer>(to_json(info)));
    give(version, version != nullptr ? make_handle<filestore_buffer>(info.version) : nullptr);
    *json = described.release();
    return {};
}

}  // namespace

filestore_backend* make_backend(std::shared_ptr<StorageBackend> backend) {
    std::string name(backend->name());
    return make_handle<filestore_backend>(std::move(backend), std::move(name));
}

}  // namespace filestore::capi

using namespace filestore;

int32_t filestore_backend_open(const filestore_options* options, filestore_backend** backend,
                               filestore_error** err) noexcept {
    return capi::guard(err, [&]() -> Result<void> {
        FILESTORE_TRY(capi::clear_output(backend, "backend"));
        const ServiceOptions opened = options != nullptr ? options->options : ServiceOptions();
        FILESTORE_TRY_ASSIGN(auto store, open_store(opened, opened.executor));
        *backend = capi::make_backend(std::move(store));
        return {};
    });
}

int32_t filestore_backend_of(filestore_service* service, filestore_backend** backend,
                             filestore_error** err) noexcept {
    return capi::guard(err, [&]() -> Result<void> {
        FILESTORE_TRY(capi::clear_output(backend, "backend"));
        FILESTORE_TRY(capi::require(service, "service"));
        *backend = capi::make_backend(service->service.backend());
        return {};
    });
}

int32_t filestore_open_on(filestore_backend* backend, const filestore_options* options,
                          filestore_service** service, filestore_error** err) noexcept {
    return capi::guard(err, [&]() -> Result<void> {
        FILESTORE_TRY(capi::clear_output(service, "service"));
        FILESTORE_TRY(capi::require(backend, "backend"));
        FILESTORE_TRY(capi::require(options, "options"));
        FILESTORE_TRY_ASSIGN(FileService opened, FileService::open(backend->backend, options->options));
        *service = capi::make_handle<filestore_service>(std::move(opened));
        return {};
    });
}

void filestore_backend_close(filestore_backend* backend) noexcept {
    capi::guard_destroy(backend);
}

const char* filestore_backend_name(const filestore_backend* backend) noexcept {
    return capi::guard_read(backend, "",
                            [](const filestore_backend& handle) noexcept { return handle.name.c_str(); });
}

int32_t filestore_backend_can(const filestore_backend* backend, const char* ability) noexcept {
    return capi::guard_read(backend, int32_t{0}, [ability](const filestore_backend& handle) noexcept {
        return int32_t{ability != nullptr && capi::has_ability(*handle.backend, ability)};
    });
}

int32_t filestore_generate_id(char* id, filestore_error** err) noexcept {
    return capi::guard(err, [&]() -> Result<void> {
        FILESTORE_TRY(capi::clear_id(id));
        FILESTORE_TRY_ASSIGN(const FileId made, FileId::generate());
        capi::copy_id(made, id);
        return {};
    });
}

int32_t filestore_backend_upload_path(filestore_backend* backend, const char* id, const char* path,
                                      const filestore_upload_options* options,
                                      filestore_error** err) noexcept {
    return capi::guard(err, [&] {
        return capi::upload_to(backend, capi::upload_request(id, capi::source_from_file(path), options,
                                                             path != nullptr ? path : ""));
    });
}

int32_t filestore_backend_upload_buffer(filestore_backend* backend, const char* id, const void* data,
                                        size_t size, const filestore_upload_options* options,
                                        filestore_error** err) noexcept {
    return capi::guard(err, [&] {
        return capi::upload_to(backend,
                               capi::upload_request(id, capi::source_from_memory(data, size), options));
    });
}

int32_t filestore_backend_upload_callback(filestore_backend* backend, const char* id,
                                          filestore_read_function read, filestore_rewind_function rewind,
                                          void* context, uint64_t size,
                                          const filestore_upload_options* options,
                                          filestore_error** err) noexcept {
    return capi::guard(err, [&] {
        auto source = capi::source_from_reader({read, rewind, context, size});
        return capi::upload_to(backend, capi::upload_request(id, std::move(source), options));
    });
}

int32_t filestore_backend_download_path(filestore_backend* backend, const char* id, const char* path,
                                        const filestore_download_options* options,
                                        filestore_error** err) noexcept {
    return capi::guard(err, [&]() -> Result<void> {
        FILESTORE_TRY(
            capi::download_from(backend, capi::download_request(id, capi::sink_to_file(path), options)));
        return {};
    });
}

int32_t filestore_backend_download_buffer(filestore_backend* backend, const char* id,
                                          const filestore_download_options* options,
                                          filestore_buffer** buffer, filestore_error** err) noexcept {
    return capi::guard(err, [&]() -> Result<void> {
        FILESTORE_TRY(capi::clear_output(buffer, "buffer"));
        const auto sink = std::make_shared<BufferSink>();
        FILESTORE_TRY(
            capi::download_from(backend, capi::download_request(id, std::shared_ptr<Sink>(sink), options)));
        *buffer = capi::make_handle<filestore_buffer>(sink->take());
        return {};
    });
}

int32_t filestore_backend_download_callback(filestore_backend* backend, const char* id,
                                            filestore_write_function write, void* context,
                                            const filestore_download_options* options,
                                            filestore_error** err) noexcept {
    return capi::guard(err, [&]() -> Result<void> {
        FILESTORE_TRY(capi::download_from(
            backend, capi::download_request(id, capi::sink_to_writer(write, context), options)));
        return {};
    });
}

int32_t filestore_backend_delete(filestore_backend* backend, const char* id,
                                 const filestore_call_options* options, int32_t* deleted,
                                 filestore_error** err) noexcept {
    return capi::guard(err, [&]() -> Result<void> {
        capi::give(deleted, int32_t{0});
        FILESTORE_TRY(capi::require(backend, "backend"));
        FILESTORE_TRY_ASSIGN(FileRequest request, capi::removal_from(*backend, id, options));
        FILESTORE_TRY_ASSIGN(const bool was_there, backend->backend->remove(std::move(request)));
        capi::give(deleted, int32_t{was_there});
        return {};
    });
}

int32_t filestore_backend_exists(filestore_backend* backend, const char* id,
                                 const filestore_call_options* options, int32_t* exists,
                                 filestore_error** err) noexcept {
    return capi::guard(err, [&]() -> Result<void> {
        FILESTORE_TRY(capi::clear_output(exists, "exists"));
        FILESTORE_TRY(capi::require(backend, "backend"));
        FILESTORE_TRY_ASSIGN(FileRequest request, capi::file_request(id, options));
        FILESTORE_TRY_ASSIGN(*exists, backend->backend->exists(std::move(request)));
        return {};
    });
}

int32_t filestore_backend_metadata(filestore_backend* backend, const char* id,
                                   const filestore_call_options* options, filestore_buffer** json,
                                   filestore_buffer** version, filestore_error** err) noexcept {
    return capi::guard(err, [&]() -> Result<void> {
        capi::give(version, static_cast<filestore_buffer*>(nullptr));
        FILESTORE_TRY(capi::clear_output(json, "json"));
        FILESTORE_TRY(capi::require(backend, "backend"));
        FILESTORE_TRY_ASSIGN(FileRequest request, capi::file_request(id, options));
        FILESTORE_TRY_ASSIGN(const FileInfo info, backend->backend->metadata(std::move(request)));
        return capi::tell_metadata(info, json, version);
    });
}

int32_t filestore_backend_list(filestore_backend* backend, const char* cursor, uint32_t limit,
                               const filestore_call_options* options, filestore_list_page** page,
                               filestore_error** err) noexcept {
    return capi::guard(err, [&]() -> Result<void> {
        FILESTORE_TRY(capi::clear_output(page, "page"));
        FILESTORE_TRY(capi::require(backend, "backend"));
        FILESTORE_TRY_ASSIGN(ListPage listed,
                             backend->backend->list(capi::list_request(cursor, limit, options)));
        *page = capi::make_handle<filestore_list_page>(capi::page_of(std::move(listed)));
        return {};
    });
}

int32_t filestore_backend_presign(filestore_backend* backend, const char* id,
                                  const filestore_presign_options* options, filestore_buffer** url,
                                  int64_t* expires_at, filestore_error** err) noexcept {
    return capi::guard(err, [&]() -> Result<void> {
        capi::give(expires_at, std::int64_t{0});
        FILESTORE_TRY(capi::clear_output(url, "url"));
        FILESTORE_TRY(capi::require(backend, "backend"));
        FILESTORE_TRY_ASSIGN(PresignRequest request, capi::presign_request(id, options));
        FILESTORE_TRY_ASSIGN(PresignedUrl signed_url, backend->backend->presign(std::move(request)));
        *url = capi::make_handle<filestore_buffer>(std::move(signed_url.url));
        capi::give(expires_at, capi::microseconds_of(signed_url.expires_at));
        return {};
    });
}

int32_t filestore_backend_upload_path_async(filestore_backend* backend, const char* id, const char* path,
                                            const filestore_upload_options* options,
                                            filestore_done_function done, void* context,
                                            filestore_error** err) noexcept {
    return capi::guard(err, [&] {
        auto request =
            capi::upload_request(id, capi::source_from_file(path), options, path != nullptr ? path : "");
        return capi::begin_call(backend, std::move(request), &StorageBackend::upload_async, done,
                                capi::receipt_to(done, context));
    });
}

int32_t filestore_backend_upload_buffer_async(filestore_backend* backend, const char* id, const void* data,
                                              size_t size, const filestore_upload_options* options,
                                              filestore_done_function done, void* context,
                                              filestore_error** err) noexcept {
    return capi::guard(err, [&] {
        auto request = capi::upload_request(id, capi::source_from_memory(data, size), options);
        return capi::begin_call(backend, std::move(request), &StorageBackend::upload_async, done,
                                capi::receipt_to(done, context));
    });
}

int32_t filestore_backend_upload_callback_async(filestore_backend* backend, const char* id,
                                                filestore_read_function read,
                                                filestore_rewind_function rewind, void* stream, uint64_t size,
                                                const filestore_upload_options* options,
                                                filestore_done_function done, void* context,
                                                filestore_error** err) noexcept {
    return capi::guard(err, [&] {
        auto source = capi::source_from_reader({read, rewind, stream, size});
        return capi::begin_call(backend, capi::upload_request(id, std::move(source), options),
                                &StorageBackend::upload_async, done, capi::receipt_to(done, context));
    });
}

int32_t filestore_backend_download_path_async(filestore_backend* backend, const char* id, const char* path,
                                              const filestore_download_options* options,
                                              filestore_done_function done, void* context,
                                              filestore_error** err) noexcept {
    return capi::guard(err, [&] {
        auto request = capi::download_request(id, capi::sink_to_file(path), options);
        return capi::begin_call(backend, std::move(request), &StorageBackend::download_async, done,
                                capi::bytes_to(done, context));
    });
}

int32_t filestore_backend_download_buffer_async(filestore_backend* backend, const char* id,
                                                const filestore_download_options* options,
                                                filestore_done_function done, void* context,
                                                filestore_error** err) noexcept {
    return capi::guard(err, [&] {
        const auto sink = std::make_shared<BufferSink>();
        auto request = capi::download_request(id, std::shared_ptr<Sink>(sink), options);
        return capi::begin_call(backend, std::move(request), &StorageBackend::download_async, done,
                                capi::buffer_to(sink, done, context));
    });
}

int32_t filestore_backend_download_callback_async(filestore_backend* backend, const char* id,
                                                  filestore_write_function write, void* stream,
                                                  const filestore_download_options* options,
                                                  filestore_done_function done, void* context,
                                                  filestore_error** err) noexcept {
    return capi::guard(err, [&] {
        auto request = capi::download_request(id, capi::sink_to_writer(write, stream), options);
        return capi::begin_call(backend, std::move(request), &StorageBackend::download_async, done,
                                capi::bytes_to(done, context));
    });
}

int32_t filestore_backend_delete_async(filestore_backend* backend, const char* id,
                                       const filestore_call_options* options, filestore_done_function done,
                                       void* context, filestore_error** err) noexcept {
    return capi::guard(err, [&]() -> Result<void> {
        FILESTORE_TRY(capi::require(backend, "backend"));
        return capi::begin_call(backend, capi::removal_from(*backend, id, options),
                                &StorageBackend::remove_async, done, capi::flag_to(done, context));
    });
}

int32_t filestore_backend_exists_async(filestore_backend* backend, const char* id,
                                       const filestore_call_options* options, filestore_done_function done,
                                       void* context, filestore_error** err) noexcept {
    return capi::guard(err, [&] {
        return capi::begin_call(backend, capi::file_request(id, options), &StorageBackend::exists_async, done,
                                capi::flag_to(done, context));
    });
}

int32_t filestore_backend_metadata_async(filestore_backend* backend, const char* id,
                                         const filestore_call_options* options, filestore_done_function done,
                                         void* context, filestore_error** err) noexcept {
    return capi::guard(err, [&] {
        return capi::begin_call(backend, capi::file_request(id, options), &StorageBackend::metadata_async,
                                done, capi::info_to(done, context));
    });
}

int32_t filestore_backend_list_async(filestore_backend* backend, const char* cursor, uint32_t limit,
                                     const filestore_call_options* options, filestore_done_function done,
                                     void* context, filestore_error** err) noexcept {
    return capi::guard(err, [&] {
        return capi::begin_call(backend, Result(capi::list_request(cursor, limit, options)),
                                &StorageBackend::list_async, done, capi::page_to(done, context));
    });
}

int32_t filestore_backend_presign_async(filestore_backend* backend, const char* id,
                                        const filestore_presign_options* options,
                                        filestore_done_function done, void* context,
                                        filestore_error** err) noexcept {
    return capi::guard(err, [&] {
        return capi::begin_call(backend, capi::presign_request(id, options), &StorageBackend::presign_async,
                                done, capi::url_to(done, context));
    });
}
