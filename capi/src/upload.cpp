#include "arguments.h"
#include "streams.h"

namespace filestore::capi {
namespace {

/// `options` may be null.
FileUpload file_upload(std::shared_ptr<Source> source, const filestore_upload_options* options,
                       std::string default_path) {
    FileUpload file;
    file.source = std::move(source);
    file.path = std::move(default_path);
    if (options != nullptr) {
        file.path = options->path.value_or(file.path);
        file.content_type = options->content_type;
        file.metadata = options->metadata;
        file.call = call_options(options->call);
    }
    return file;
}

Result<void> upload(filestore_service& service, FileUpload file, char* id) {
    FILESTORE_TRY_ASSIGN(const FileId stored, service.service.upload(std::move(file)));
    copy_id(stored, id);
    return {};
}

}  // namespace
}  // namespace filestore::capi

using namespace filestore;

int32_t filestore_upload_path(filestore_service* service, const char* path,
                              const filestore_upload_options* options, char* id,
                              filestore_error** err) noexcept {
    return capi::guard(err, [&]() -> Result<void> {
        FILESTORE_TRY(capi::clear_id(id));
        FILESTORE_TRY(capi::require(service, "service"));
        FILESTORE_TRY(capi::require(path, "path"));
        FILESTORE_TRY_ASSIGN(std::shared_ptr<Source> source, source_from_path(path));
        return capi::upload(*service, capi::file_upload(std::move(source), options, path), id);
    });
}

int32_t filestore_upload_buffer(filestore_service* service, const void* data, size_t size,
                                const filestore_upload_options* options, char* id,
                                filestore_error** err) noexcept {
    return capi::guard(err, [&]() -> Result<void> {
        FILESTORE_TRY(capi::clear_id(id));
        FILESTORE_TRY(capi::require(service, "service"));
        if (size != 0) {
            FILESTORE_TRY(capi::require(data, "data"));
        }
        std::shared_ptr<Source> source = source_from_span({static_cast<const std::byte*>(data), size});
        return capi::upload(*service, capi::file_upload(std::move(source), options, {}), id);
    });
}

int32_t filestore_upload_callback(filestore_service* service, filestore_read_function read,
                                  filestore_rewind_function rewind, void* context, uint64_t size,
                                  const filestore_upload_options* options, char* id,
                                  filestore_error** err) noexcept {
    return capi::guard(err, [&]() -> Result<void> {
        FILESTORE_TRY(capi::clear_id(id));
        FILESTORE_TRY(capi::require(service, "service"));
        FILESTORE_TRY(capi::require(read, "read"));
        std::shared_ptr<Source> source = capi::source_from_reader({read, rewind, context, size});
        return capi::upload(*service, capi::file_upload(std::move(source), options, {}), id);
    });
}
