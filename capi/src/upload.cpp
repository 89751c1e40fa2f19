#include "answers.h"
#include "requests.h"
#include "streams.h"

namespace filestore::capi {
namespace {

/// `options` may be null.
Result<FileUpload> file_upload(Result<std::shared_ptr<Source>> source,
                               const filestore_upload_options* options, std::string default_path = {}) {
    FILESTORE_TRY(refuse_conditions(options));
    FileUpload file;
    FILESTORE_TRY_ASSIGN(file.source, std::move(source));
    file.path = std::move(default_path);
    if (options != nullptr) {
        file.path = options->path.value_or(file.path);
        file.content_type = options->content_type;
        file.metadata = options->metadata;
        file.call = call_options(options->call);
    }
    return file;
}

/// `path` may be null, which is refused.
Result<FileUpload> upload_of_file(const char* path, const filestore_upload_options* options) {
    return file_upload(source_from_file(path), options, path != nullptr ? path : "");
}

Result<void> upload_and_wait(filestore_service* service, Result<FileUpload> file, char* id) {
    FILESTORE_TRY(require(service, "service"));
    FILESTORE_TRY(file);
    FILESTORE_TRY_ASSIGN(const FileId stored, service->service.upload(std::move(*file)));
    copy_id(stored, id);
    return {};
}

Result<void> upload_and_answer(filestore_service* service, Result<FileUpload> file,
                               filestore_done_function done, void* context) {
    return begin_call(service, std::move(file), &FileService::upload_async, done, id_to(done, context));
}

}  // namespace
}  // namespace filestore::capi

using namespace filestore;

int32_t filestore_upload_path(filestore_service* service, const char* path,
                              const filestore_upload_options* options, char* id,
                              filestore_error** err) noexcept {
    return capi::guard(err, [&]() -> Result<void> {
        FILESTORE_TRY(capi::clear_id(id));
        return capi::upload_and_wait(service, capi::upload_of_file(path, options), id);
    });
}

int32_t filestore_upload_buffer(filestore_service* service, const void* data, size_t size,
                                const filestore_upload_options* options, char* id,
                                filestore_error** err) noexcept {
    return capi::guard(err, [&]() -> Result<void> {
        FILESTORE_TRY(capi::clear_id(id));
        auto file = capi::file_upload(capi::source_from_memory(data, size), options);
        return capi::upload_and_wait(service, std::move(file), id);
    });
}

int32_t filestore_upload_callback(filestore_service* service, filestore_read_function read,
                                  filestore_rewind_function rewind, void* context, uint64_t size,
                                  const filestore_upload_options* options, char* id,
                                  filestore_error** err) noexcept {
    return capi::guard(err, [&]() -> Result<void> {
        FILESTORE_TRY(capi::clear_id(id));
        auto file = capi::file_upload(capi::source_from_reader({read, rewind, context, size}), options);
        return capi::upload_and_wait(service, std::move(file), id);
    });
}

int32_t filestore_upload_path_async(filestore_service* service, const char* path,
                                    const filestore_upload_options* options, filestore_done_function done,
                                    void* context, filestore_error** err) noexcept {
    return capi::guard(err, [&] {
        return capi::upload_and_answer(service, capi::upload_of_file(path, options), done, context);
    });
}

int32_t filestore_upload_buffer_async(filestore_service* service, const void* data, size_t size,
                                      const filestore_upload_options* options, filestore_done_function done,
                                      void* context, filestore_error** err) noexcept {
    return capi::guard(err, [&] {
        auto file = capi::file_upload(capi::source_from_memory(data, size), options);
        return capi::upload_and_answer(service, std::move(file), done, context);
    });
}

int32_t filestore_upload_callback_async(filestore_service* service, filestore_read_function read,
                                        filestore_rewind_function rewind, void* stream, uint64_t size,
                                        const filestore_upload_options* options, filestore_done_function done,
                                        void* context, filestore_error** err) noexcept {
    return capi::guard(err, [&] {
        auto file = capi::file_upload(capi::source_from_reader({read, rewind, stream, size}), options);
        return capi::upload_and_answer(service, std::move(file), done, context);
    });
}
