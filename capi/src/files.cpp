/// What is asked of a stored file.

#include "answers.h"
#include "requests.h"
#include "service/audit_json.h"
#include "service/file_info_json.h"

namespace filestore::capi {
namespace {

/// `cursor` and `options` may be null.
Result<DeletedFilesRequest> deleted_files_request(const char* cursor, std::uint32_t limit,
                                                  const filestore_call_options* options) {
    DeletedFilesRequest request;
    FILESTORE_TRY_ASSIGN(request.cursor, optional_text(cursor, "cursor"));
    request.limit = limit;
    request.call = call_of(options);
    return request;
}

}  // namespace
}  // namespace filestore::capi

using namespace filestore;

int32_t filestore_delete(filestore_service* service, const char* id, const filestore_call_options* options,
                         int32_t* deleted, filestore_error** err) noexcept {
    return capi::guard(err, [&]() -> Result<void> {
        int32_t ignored = 0;
        int32_t& answer = deleted != nullptr ? *deleted : ignored;
        answer = 0;
        FILESTORE_TRY(capi::require(service, "service"));
        FILESTORE_TRY_ASSIGN(FileRequest request, capi::removal_request(id, options));
        FILESTORE_TRY_ASSIGN(answer, service->service.remove(std::move(request)));
        return {};
    });
}

int32_t filestore_undelete(filestore_service* service, const char* id, const filestore_call_options* options,
                           int32_t* restored, filestore_error** err) noexcept {
    return capi::guard(err, [&]() -> Result<void> {
        int32_t ignored = 0;
        int32_t& answer = restored != nullptr ? *restored : ignored;
        answer = 0;
        FILESTORE_TRY(capi::require(service, "service"));
        FILESTORE_TRY_ASSIGN(FileRequest request, capi::file_request(id, options));
        FILESTORE_TRY_ASSIGN(answer, service->service.undelete(std::move(request)));
        return {};
    });
}

int32_t filestore_deleted_files(filestore_service* service, const char* cursor, uint32_t limit,
                                const filestore_call_options* options, filestore_buffer** page,
                                filestore_error** err) noexcept {
    return capi::guard(err, [&]() -> Result<void> {
        FILESTORE_TRY(capi::clear_output(page, "page"));
        FILESTORE_TRY(capi::require(service, "service"));
        FILESTORE_TRY_ASSIGN(auto request, capi::deleted_files_request(cursor, limit, options));
        FILESTORE_TRY_ASSIGN(const auto read, service->service.deleted_files(std::move(request)));
        *page = capi::make_handle<filestore_buffer>(to_json(read));
        return {};
    });
}

int32_t filestore_exists(filestore_service* service, const char* id, const filestore_call_options* options,
                         int32_t* exists, filestore_error** err) noexcept {
    return capi::guard(err, [&]() -> Result<void> {
        FILESTORE_TRY(capi::clear_output(exists, "exists"));
        FILESTORE_TRY(capi::require(service, "service"));
        FILESTORE_TRY_ASSIGN(FileRequest request, capi::file_request(id, options));
        FILESTORE_TRY_ASSIGN(*exists, service->service.exists(std::move(request)));
        return {};
    });
}

int32_t filestore_metadata(filestore_service* service, const char* id, const filestore_call_options* options,
                           filestore_buffer** json, filestore_error** err) noexcept {
    return capi::guard(err, [&]() -> Result<void> {
        FILESTORE_TRY(capi::clear_output(json, "json"));
        FILESTORE_TRY(capi::require(service, "service"));
        FILESTORE_TRY_ASSIGN(FileRequest request, capi::file_request(id, options));
        FILESTORE_TRY_ASSIGN(const FileInfo info, service->service.metadata(std::move(request)));
        *json = capi::make_handle<filestore_buffer>(to_json(info));
        return {};
    });
}

int32_t filestore_delete_async(filestore_service* service, const char* id,
                               const filestore_call_options* options, filestore_done_function done,
                               void* context, filestore_error** err) noexcept {
    return capi::guard(err, [&] {
        return capi::begin_call(service, capi::removal_request(id, options), &FileService::remove_async, done,
                                capi::flag_to(done, context));
    });
}

int32_t filestore_undelete_async(filestore_service* service, const char* id,
                                 const filestore_call_options* options, filestore_done_function done,
                                 void* context, filestore_error** err) noexcept {
    return capi::guard(err, [&] {
        return capi::begin_call(service, capi::file_request(id, options), &FileService::undelete_async, done,
                                capi::flag_to(done, context));
    });
}

int32_t filestore_deleted_files_async(filestore_service* service, const char* cursor, uint32_t limit,
                                      const filestore_call_options* options, filestore_done_function done,
                                      void* context, filestore_error** err) noexcept {
    return capi::guard(err, [&] {
        return capi::begin_call(service, capi::deleted_files_request(cursor, limit, options),
                                &FileService::deleted_files_async, done,
                                capi::json_to<DeletedFilesPage>(done, context));
    });
}

int32_t filestore_exists_async(filestore_service* service, const char* id,
                               const filestore_call_options* options, filestore_done_function done,
                               void* context, filestore_error** err) noexcept {
    return capi::guard(err, [&] {
        return capi::begin_call(service, capi::file_request(id, options), &FileService::exists_async, done,
                                capi::flag_to(done, context));
    });
}

int32_t filestore_metadata_async(filestore_service* service, const char* id,
                                 const filestore_call_options* options, filestore_done_function done,
                                 void* context, filestore_error** err) noexcept {
    return capi::guard(err, [&] {
        return capi::begin_call(service, capi::file_request(id, options), &FileService::metadata_async, done,
                                capi::json_to<FileInfo>(done, context));
    });
}
