#include "filestore/resumable_upload.h"

#include "answers.h"
#include "requests.h"
#include "streams.h"

namespace filestore::capi {
namespace {

std::optional<std::uint64_t> known_length(std::uint64_t length) {
    return length == FILESTORE_UNKNOWN_SIZE ? std::nullopt : std::optional(length);
}

/// `options` may be null.
Result<NewUpload> new_upload(std::uint64_t length, const filestore_upload_options* options) {
    FILESTORE_TRY(refuse_conditions(options));
    NewUpload upload;
    upload.length = known_length(length);
    if (options != nullptr) {
        upload.path = options->path.value_or("");
        upload.content_type = options->content_type;
        upload.metadata = options->metadata;
        upload.call = call_options(options->call);
    }
    return upload;
}

/// Where the bytes go, and what is known of the file. A value.
struct Place {
    const char* id;
    std::uint64_t offset;
    std::uint64_t length;
};

/// `options` may be null.
Result<UploadAppend> upload_append(const Place& place, Result<std::shared_ptr<Source>> source,
                                   const filestore_upload_options* options) {
    UploadAppend append;
    FILESTORE_TRY_ASSIGN(append.id, parse_id(place.id));
    append.offset = place.offset;
    append.length = known_length(place.length);
    FILESTORE_TRY_ASSIGN(append.source, std::move(source));
    if (options != nullptr) {
        append.call = call_options(options->call);
    }
    return append;
}

Result<void> append_and_wait(filestore_service* service, Result<UploadAppend> append, std::uint64_t* next) {
    give(next, std::uint64_t{0});
    FILESTORE_TRY(require(service, "service"));
    FILESTORE_TRY(append);
    FILESTORE_TRY_ASSIGN(const ResumableUpload upload, service->service.append(std::move(*append)));
    give(next, upload.offset);
    return {};
}

Completion<ResumableUpload> upload_to(filestore_done_function done, void* context) {
    return answer_to<ResumableUpload>(done, context,
                                      [](filestore_answer& answer, const ResumableUpload& upload) {
                                          copy_id(upload.id, answer.id.data());
                                          answer.offset = upload.offset;
                                          answer.length = upload.length.value_or(FILESTORE_UNKNOWN_SIZE);
                                          answer.flag = upload.finished;
                                      });
}

}  // namespace
}  // namespace filestore::capi

using namespace filestore;

int32_t filestore_upload_begin(filestore_service* service, uint64_t length,
                               const filestore_upload_options* options, char* id,
                               filestore_error** err) noexcept {
    return capi::guard(err, [&]() -> Result<void> {
        FILESTORE_TRY(capi::clear_id(id));
        FILESTORE_TRY(capi::require(service, "service"));
        FILESTORE_TRY_ASSIGN(NewUpload begun, capi::new_upload(length, options));
        FILESTORE_TRY_ASSIGN(const ResumableUpload upload, service->service.begin_upload(std::move(begun)));
        capi::copy_id(upload.id, id);
        return {};
    });
}

int32_t filestore_upload_append_callback(filestore_service* service, const char* id, uint64_t offset,
                                         filestore_read_function read, void* context, uint64_t size,
                                         uint64_t length, const filestore_upload_options* options,
                                         uint64_t* next, filestore_error** err) noexcept {
    return capi::guard(err, [&] {
        auto source = capi::source_from_reader({read, nullptr, context, size});
        return capi::append_and_wait(
            service, capi::upload_append({id, offset, length}, std::move(source), options), next);
    });
}

int32_t filestore_upload_append_descriptor(filestore_service* service, const char* id, uint64_t offset,
                                           int32_t descriptor, uint64_t length,
                                           const filestore_upload_options* options, uint64_t* next,
                                           filestore_error** err) noexcept {
    return capi::guard(err, [&] {
        auto append = capi::upload_append({id, offset, length}, source_from_descriptor(descriptor), options);
        return capi::append_and_wait(service, std::move(append), next);
    });
}

int32_t filestore_upload_state(filestore_service* service, const char* id,
                               const filestore_call_options* options, uint64_t* offset, uint64_t* length,
                               int32_t* finished, filestore_error** err) noexcept {
    return capi::guard(err, [&]() -> Result<void> {
        capi::give(offset, std::uint64_t{0});
        capi::give(length, std::uint64_t{0});
        capi::give(finished, std::int32_t{0});
        FILESTORE_TRY(capi::require(service, "service"));
        FILESTORE_TRY_ASSIGN(FileRequest request, capi::file_request(id, options));
        FILESTORE_TRY_ASSIGN(const ResumableUpload upload,
                             service->service.resumable_upload(std::move(request)));
        capi::give(offset, upload.offset);
        capi::give(length, upload.length.value_or(FILESTORE_UNKNOWN_SIZE));
        capi::give(finished, std::int32_t{upload.finished});
        return {};
    });
}

int32_t filestore_upload_finish(filestore_service* service, const char* id,
                                const filestore_call_options* options, filestore_error** err) noexcept {
    return capi::guard(err, [&]() -> Result<void> {
        FILESTORE_TRY(capi::require(service, "service"));
        FILESTORE_TRY_ASSIGN(FileRequest request, capi::file_request(id, options));
        FILESTORE_TRY(service->service.finish_upload(std::move(request)));
        return {};
    });
}

int32_t filestore_upload_end(filestore_service* service, const char* id,
                             const filestore_call_options* options, int32_t* ended,
                             filestore_error** err) noexcept {
    return capi::guard(err, [&]() -> Result<void> {
        capi::give(ended, std::int32_t{0});
        FILESTORE_TRY(capi::require(service, "service"));
        FILESTORE_TRY_ASSIGN(FileRequest request, capi::file_request(id, options));
        FILESTORE_TRY_ASSIGN(const bool was_ended, service->service.end_upload(std::move(request)));
        capi::give(ended, std::int32_t{was_ended});
        return {};
    });
}

int32_t filestore_sweep_uploads(filestore_service* service, const filestore_call_options* options,
                                uint64_t* count, filestore_error** err) noexcept {
    return capi::guard(err, [&]() -> Result<void> {
        capi::give(count, std::uint64_t{0});
        FILESTORE_TRY(capi::require(service, "service"));
        FILESTORE_TRY_ASSIGN(const std::uint64_t ended,
                             service->service.sweep_uploads(capi::call_of(options)));
        capi::give(count, ended);
        return {};
    });
}

int32_t filestore_upload_begin_async(filestore_service* service, uint64_t length,
                                     const filestore_upload_options* options, filestore_done_function done,
                                     void* context, filestore_error** err) noexcept {
    return capi::guard(err, [&] {
        return capi::begin_call(service, capi::new_upload(length, options), &FileService::begin_upload_async,
                                done, capi::upload_to(done, context));
    });
}

int32_t filestore_upload_append_callback_async(filestore_service* service, const char* id, uint64_t offset,
                                               filestore_read_function read, void* stream, uint64_t size,
                                               uint64_t length, const filestore_upload_options* options,
                                               filestore_done_function done, void* context,
                                               filestore_error** err) noexcept {
    return capi::guard(err, [&] {
        auto source = capi::source_from_reader({read, nullptr, stream, size});
        return capi::begin_call(service,
                                capi::upload_append({id, offset, length}, std::move(source), options),
                                &FileService::append_async, done, capi::upload_to(done, context));
    });
}

int32_t filestore_upload_append_descriptor_async(filestore_service* service, const char* id, uint64_t offset,
                                                 int32_t descriptor, uint64_t length,
                                                 const filestore_upload_options* options,
                                                 filestore_done_function done, void* context,
                                                 filestore_error** err) noexcept {
    return capi::guard(err, [&] {
        auto append = capi::upload_append({id, offset, length}, source_from_descriptor(descriptor), options);
        return capi::begin_call(service, std::move(append), &FileService::append_async, done,
                                capi::upload_to(done, context));
    });
}

int32_t filestore_upload_state_async(filestore_service* service, const char* id,
                                     const filestore_call_options* options, filestore_done_function done,
                                     void* context, filestore_error** err) noexcept {
    return capi::guard(err, [&] {
        return capi::begin_call(service, capi::file_request(id, options),
                                &FileService::resumable_upload_async, done, capi::upload_to(done, context));
    });
}

int32_t filestore_upload_finish_async(filestore_service* service, const char* id,
                                      const filestore_call_options* options, filestore_done_function done,
                                      void* context, filestore_error** err) noexcept {
    return capi::guard(err, [&] {
        return capi::begin_call(service, capi::file_request(id, options), &FileService::finish_upload_async,
                                done, capi::id_to(done, context));
    });
}

int32_t filestore_upload_end_async(filestore_service* service, const char* id,
                                   const filestore_call_options* options, filestore_done_function done,
                                   void* context, filestore_error** err) noexcept {
    return capi::guard(err, [&] {
        return capi::begin_call(service, capi::file_request(id, options), &FileService::end_upload_async,
                                done, capi::flag_to(done, context));
    });
}

int32_t filestore_sweep_uploads_async(filestore_service* service, const filestore_call_options* options,
                                      filestore_done_function done, void* context,
                                      filestore_error** err) noexcept {
    return capi::guard(err, [&] {
        return capi::begin_call(service, Result(capi::call_of(options)), &FileService::sweep_uploads_async,
                                done, capi::count_to(done, context));
    });
}

uint64_t filestore_max_upload_length(const filestore_service* service) noexcept {
    return capi::guard_read(service, uint64_t{0}, [](const filestore_service& handle) noexcept {
        return handle.service.max_upload_length();
    });
}

int32_t filestore_check_upload(const filestore_service* service, const char* path, const char* content_type,
                               uint64_t size, filestore_error** err) noexcept {
    return capi::guard(err, [&]() -> Result<void> {
        FILESTORE_TRY(capi::require(service, "service"));
        return service->service.check_upload(
            path != nullptr ? path : "",
            std::string(content_type != nullptr ? content_type : default_content_type),
            capi::known_length(size));
    });
}
