/// What the audit server has still to be told.

#include "arguments.h"
#include "service/audit_json.h"

using namespace filestore;

namespace filestore::capi {
namespace {

CallOptions call_of(const filestore_call_options* options) {
    return options != nullptr ? call_options(options->call) : CallOptions();
}

/// A JSON array.
std::string to_json(const std::vector<ParkedFile>& files) {
    std::string json = "[";
    for (const ParkedFile& file : files) {
        json += json.size() > 1 ? "," : "";
        json += filestore::to_json(file);
    }
    return json + "]";
}

}  // namespace
}  // namespace filestore::capi

int32_t filestore_flush(filestore_service* service, const filestore_call_options* options,
                        filestore_error** err) noexcept {
    return capi::guard(err, [&]() -> Result<void> {
        FILESTORE_TRY(capi::require(service, "service"));
        return service->service.flush({capi::call_of(options)});
    });
}

int32_t filestore_audit_status(filestore_service* service, const filestore_call_options* options,
                               filestore_buffer** status, filestore_error** err) noexcept {
    return capi::guard(err, [&]() -> Result<void> {
        FILESTORE_TRY(capi::clear_output(status, "status"));
        FILESTORE_TRY(capi::require(service, "service"));
        FILESTORE_TRY_ASSIGN(const AuditStatus read, service->service.audit_status(capi::call_of(options)));
        *status = capi::make_handle<filestore_buffer>(to_json(read));
        return {};
    });
}

int32_t filestore_parked(filestore_service* service, const char* after, uint32_t limit,
                         const filestore_call_options* options, filestore_buffer** files,
                         filestore_error** err) noexcept {
    return capi::guard(err, [&]() -> Result<void> {
        FILESTORE_TRY(capi::clear_output(files, "files"));
        FILESTORE_TRY(capi::require(service, "service"));
        ParkedRequest request;
        if (after != nullptr) {
            FILESTORE_TRY_ASSIGN(request.after, capi::require_text(after, "after"));
        }
        request.limit = limit;
        request.call = capi::call_of(options);
        FILESTORE_TRY_ASSIGN(const auto page, service->service.parked_files(std::move(request)));
        *files = capi::make_handle<filestore_buffer>(capi::to_json(page));
        return {};
    });
}

int32_t filestore_retry_parked(filestore_service* service, const char* file_id,
                               const filestore_call_options* options, uint64_t* count,
                               filestore_error** err) noexcept {
    return capi::guard(err, [&]() -> Result<void> {
        FILESTORE_TRY(capi::clear_output(count, "count"));
        FILESTORE_TRY(capi::require(service, "service"));
        RetryParkedRequest request;
        if (file_id != nullptr) {
            FILESTORE_TRY_ASSIGN(request.file_id, capi::require_text(file_id, "file_id"));
        }
        request.call = capi::call_of(options);
        FILESTORE_TRY_ASSIGN(*count, service->service.retry_parked(std::move(request)));
        return {};
    });
}
