#include "arguments.h"
#include "streams.h"

namespace filestore::capi {
namespace {

/// `options` may be null.
Result<void> download(filestore_service& service, const FileId& id, std::shared_ptr<Sink> sink,
                      const filestore_download_options* options) {
    DownloadRequest request;
    request.id = id;
    request.sink = std::move(sink);
    if (options != nullptr) {
        request.range = options->range;
        request.call = call_options(options->call);
    }
    FILESTORE_TRY(service.service.download(std::move(request)));
    return {};
}

Result<void> download_into(filestore_service& service, const FileId& id, std::span<std::byte> memory,
                           const filestore_download_options* options, std::size_t& length) {
    std::size_t taken = 0;
    FILESTORE_TRY(download(service, id, sink_to_memory(memory, taken), options));
    length = taken;
    return {};
}

}  // namespace
}  // namespace filestore::capi

using namespace filestore;

int32_t filestore_download_path(filestore_service* service, const char* id, const char* path,
                                const filestore_download_options* options, filestore_error** err) noexcept {
    return capi::guard(err, [&]() -> Result<void> {
        FILESTORE_TRY(capi::require(service, "service"));
        FILESTORE_TRY_ASSIGN(const FileId parsed, capi::parse_id(id));
        FILESTORE_TRY(capi::require(path, "path"));
        FILESTORE_TRY_ASSIGN(std::shared_ptr<Sink> sink, sink_to_path(path));
        return capi::download(*service, parsed, std::move(sink), options);
    });
}

int32_t filestore_download_buffer(filestore_service* service, const char* id,
                                  const filestore_download_options* options, filestore_buffer** buffer,
                                  filestore_error** err) noexcept {
    return capi::guard(err, [&]() -> Result<void> {
        FILESTORE_TRY(capi::clear_output(buffer, "buffer"));
        FILESTORE_TRY(capi::require(service, "service"));
        FILESTORE_TRY_ASSIGN(const FileId parsed, capi::parse_id(id));
        const auto sink = std::make_shared<BufferSink>();
        FILESTORE_TRY(capi::download(*service, parsed, sink, options));
        *buffer = capi::make_handle<filestore_buffer>(sink->take());
        return {};
    });
}

int32_t filestore_download_into(filestore_service* service, const char* id, void* data, size_t capacity,
                                const filestore_download_options* options, size_t* length,
                                filestore_error** err) noexcept {
    return capi::guard(err, [&]() -> Result<void> {
        FILESTORE_TRY(capi::clear_output(length, "length"));
        FILESTORE_TRY(capi::require(service, "service"));
        FILESTORE_TRY_ASSIGN(const FileId parsed, capi::parse_id(id));
        if (capacity != 0) {
            FILESTORE_TRY(capi::require(data, "data"));
        }
        const std::span<std::byte> memory(static_cast<std::byte*>(data), capacity);
        return capi::download_into(*service, parsed, memory, options, *length);
    });
}

int32_t filestore_download_callback(filestore_service* service, const char* id,
                                    filestore_write_function write, void* context,
                                    const filestore_download_options* options,
                                    filestore_error** err) noexcept {
    return capi::guard(err, [&]() -> Result<void> {
        FILESTORE_TRY(capi::require(service, "service"));
        FILESTORE_TRY_ASSIGN(const FileId parsed, capi::parse_id(id));
        FILESTORE_TRY(capi::require(write, "write"));
        return capi::download(*service, parsed, capi::sink_to_writer(write, context), options);
    });
}
