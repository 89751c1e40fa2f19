#include "answers.h"
#include "requests.h"
#include "streams.h"

namespace filestore::capi {
namespace {

/// Answers the number of bytes.
Result<std::uint64_t> download_and_wait(filestore_service* service, Result<DownloadRequest> request) {
    FILESTORE_TRY(require(service, "service"));
    FILESTORE_TRY(request);
    FILESTORE_TRY_ASSIGN(const DownloadReceipt receipt, service->service.download(std::move(*request)));
    return receipt.bytes;
}

Result<void> download_and_answer(filestore_service* service, Result<DownloadRequest> request,
                                 filestore_done_function done, void* context) {
    return begin_call(service, std::move(request), &FileService::download_async, done,
                      bytes_to(done, context));
}

}  // namespace
}  // namespace filestore::capi

using namespace filestore;

int32_t filestore_download_path(filestore_service* service, const char* id, const char* path,
                                const filestore_download_options* options, filestore_error** err) noexcept {
    return capi::guard(err, [&]() -> Result<void> {
        FILESTORE_TRY(
            capi::download_and_wait(service, capi::download_request(id, capi::sink_to_file(path), options)));
        return {};
    });
}

int32_t filestore_download_buffer(filestore_service* service, const char* id,
                                  const filestore_download_options* options, filestore_buffer** buffer,
                                  filestore_error** err) noexcept {
    return capi::guard(err, [&]() -> Result<void> {
        FILESTORE_TRY(capi::clear_output(buffer, "buffer"));
        const auto sink = std::make_shared<BufferSink>();
        FILESTORE_TRY(capi::download_and_wait(
            service, capi::download_request(id, std::shared_ptr<Sink>(sink), options)));
        *buffer = capi::make_handle<filestore_buffer>(sink->take());
        return {};
    });
}

int32_t filestore_download_into(filestore_service* service, const char* id, void* data, size_t capacity,
                                const filestore_download_options* options, size_t* length,
                                filestore_error** err) noexcept {
    return capi::guard(err, [&]() -> Result<void> {
        FILESTORE_TRY(capi::clear_output(length, "length"));
        FILESTORE_TRY_ASSIGN(
            const std::uint64_t bytes,
            capi::download_and_wait(
                service, capi::download_request(id, capi::sink_to_memory(data, capacity), options)));
        *length = static_cast<std::size_t>(bytes);
        return {};
    });
}

int32_t filestore_download_callback(filestore_service* service, const char* id,
                                    filestore_write_function write, void* context,
                                    const filestore_download_options* options,
                                    filestore_error** err) noexcept {
    return capi::guard(err, [&]() -> Result<void> {
        FILESTORE_TRY(capi::download_and_wait(
            service, capi::download_request(id, capi::sink_to_writer(write, context), options)));
        return {};
    });
}

int32_t filestore_download_path_async(filestore_service* service, const char* id, const char* path,
                                      const filestore_download_options* options, filestore_done_function done,
                                      void* context, filestore_error** err) noexcept {
    return capi::guard(err, [&] {
        auto request = capi::download_request(id, capi::sink_to_file(path), options);
        return capi::download_and_answer(service, std::move(request), done, context);
    });
}

int32_t filestore_download_buffer_async(filestore_service* service, const char* id,
                                        const filestore_download_options* options,
                                        filestore_done_function done, void* context,
                                        filestore_error** err) noexcept {
    return capi::guard(err, [&] {
        const auto sink = std::make_shared<BufferSink>();
        auto request = capi::download_request(id, std::shared_ptr<Sink>(sink), options);
        return capi::begin_call(service, std::move(request), &FileService::download_async, done,
                                capi::buffer_to(sink, done, context));
    });
}

int32_t filestore_download_into_async(filestore_service* service, const char* id, void* data, size_t capacity,
                                      const filestore_download_options* options, filestore_done_function done,
                                      void* context, filestore_error** err) noexcept {
    return capi::guard(err, [&] {
        auto request = capi::download_request(id, capi::sink_to_memory(data, capacity), options);
        return capi::download_and_answer(service, std::move(request), done, context);
    });
}

int32_t filestore_download_callback_async(filestore_service* service, const char* id,
                                          filestore_write_function write, void* stream,
                                          const filestore_download_options* options,
                                          filestore_done_function done, void* context,
                                          filestore_error** err) noexcept {
    return capi::guard(err, [&] {
        auto request = capi::download_request(id, capi::sink_to_writer(write, stream), options);
        return capi::download_and_answer(service, std::move(request), done, context);
    });
}
