/// What is recorded, and what the audit server has still to be told.

#include "answers.h"
#include "callbacks.h"
#include "service/audit_json.h"

using namespace filestore;

namespace filestore::capi {
namespace {

std::string parked_json(const std::vector<ParkedFile>& files) {
    return json_array(files, [](const ParkedFile& file) { return to_json(file); });
}

std::string catalogued_json(const CataloguedFilesPage& page) {
    return "{\"files\":" + json_array(page.files, [](const FileHistory& file) { return to_json(file); }) +
           ",\"next\":" + (page.next ? '"' + page.next->str() + '"' : "null") + "}";
}

Result<CataloguedFilesRequest> catalogued_files_request(const char* behind, std::int32_t newest_first,
                                                        const char* key, std::uint32_t limit,
                                                        const filestore_call_options* options) {
    CataloguedFilesRequest request;
    if (behind != nullptr) {
        FILESTORE_TRY_ASSIGN(request.behind, parse_id(behind));
    }
    if (key != nullptr) {
        FILESTORE_TRY_ASSIGN(request.key, require_text(key, "key"));
    }
    request.newest_first = newest_first != 0;
    request.limit = limit;
    request.call = call_of(options);
    return request;
}

std::function<Result<void>(const DriftFinding&)> finding_hook(filestore_drift_function finding,
                                                              void* context) {
    if (finding == nullptr) {
        return {};
    }
    return [finding, context](const DriftFinding& found) {
        const std::string id = found.id.str();
        const std::string drift(to_string(found.drift));
        const std::string what =
            found.reason ? found.what + ": " + std::string(found.reason->message()) : found.what;
        return call_back(ErrorCode::sink_failed, "listener", [&] {
            return finding(context, id.c_str(), drift.c_str(), what.c_str(), found.repaired ? 1 : 0);
        });
    };
}

ReconcileRequest reconcile_request(std::int32_t repair, filestore_drift_function finding, void* context,
                                   const filestore_call_options* options) {
    ReconcileRequest request;
    request.repair = repair != 0;
    request.on_finding = finding_hook(finding, context);
    request.call = call_of(options);
    return request;
}

Result<ParkedRequest> parked_request(const char* after, std::uint32_t limit,
                                     const filestore_call_options* options) {
    ParkedRequest request;
    FILESTORE_TRY_ASSIGN(request.after, optional_text(after, "after"));
    request.limit = limit;
    request.call = call_of(options);
    return request;
}

Result<RetryParkedRequest> retry_parked_request(const char* file_id, const filestore_call_options* options) {
    RetryParkedRequest request;
    FILESTORE_TRY_ASSIGN(request.file_id, optional_text(file_id, "file_id"));
    request.call = call_of(options);
    return request;
}

Result<RecordedFilesRequest> recorded_files_request(const char* before, const char* cursor, uint32_t limit,
                                                    const filestore_call_options* options) {
    RecordedFilesRequest request;
    if (before != nullptr) {
        FILESTORE_TRY_ASSIGN(const auto text, require_text(before, "before"));
        FILESTORE_TRY_ASSIGN(request.uploaded_before, parse_timestamp(text));
    }
    if (cursor != nullptr) {
        FILESTORE_TRY_ASSIGN(request.cursor, require_text(cursor, "cursor"));
    }
    request.limit = limit;
    request.call = call_of(options);
    return request;
}

/// C++ exceptions of the program, if any, end here: what is to be told is told all the same.
std::function<void(const std::optional<Error>&)> delivery_hook(filestore_delivery_function delivery,
                                                               void* context) {
    if (delivery == nullptr) {
        return {};
    }
    return [delivery, context](const std::optional<Error>& failure) {
        try {
            if (!failure) {
                return delivery(context, nullptr);
            }
            const filestore_error error{*failure};
            delivery(context, &error);
        } catch (...) {
        }
    };
}

}  // namespace
}  // namespace filestore::capi

int32_t filestore_options_set_delivery(filestore_options* options, filestore_delivery_function delivery,
                                       void* context, filestore_error** err) noexcept {
    return capi::guard(err, [&]() -> Result<void> {
        FILESTORE_TRY(capi::require(options, "options"));
        options->options.audit.on_delivery = capi::delivery_hook(delivery, context);
        return {};
    });
}

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
        FILESTORE_TRY_ASSIGN(auto request, capi::parked_request(after, limit, options));
        FILESTORE_TRY_ASSIGN(const auto page, service->service.parked_files(std::move(request)));
        *files = capi::make_handle<filestore_buffer>(capi::parked_json(page));
        return {};
    });
}

int32_t filestore_retry_parked(filestore_service* service, const char* file_id,
                               const filestore_call_options* options, uint64_t* count,
                               filestore_error** err) noexcept {
    return capi::guard(err, [&]() -> Result<void> {
        FILESTORE_TRY(capi::clear_output(count, "count"));
        FILESTORE_TRY(capi::require(service, "service"));
        FILESTORE_TRY_ASSIGN(auto request, capi::retry_parked_request(file_id, options));
        FILESTORE_TRY_ASSIGN(*count, service->service.retry_parked(std::move(request)));
        return {};
    });
}

int32_t filestore_history(filestore_service* service, const char* id, const filestore_call_options* options,
                          filestore_buffer** history, filestore_error** err) noexcept {
    return capi::guard(err, [&]() -> Result<void> {
        FILESTORE_TRY(capi::clear_output(history, "history"));
        FILESTORE_TRY(capi::require(service, "service"));
        FILESTORE_TRY_ASSIGN(const FileId file, capi::parse_id(id));
        FILESTORE_TRY_ASSIGN(const auto read, service->service.history({file, capi::call_of(options)}));
        *history = capi::make_handle<filestore_buffer>(to_json(read));
        return {};
    });
}

int32_t filestore_recorded_files(filestore_service* service, const char* before, const char* cursor,
                                 uint32_t limit, const filestore_call_options* options,
                                 filestore_buffer** page, filestore_error** err) noexcept {
    return capi::guard(err, [&]() -> Result<void> {
        FILESTORE_TRY(capi::clear_output(page, "page"));
        FILESTORE_TRY(capi::require(service, "service"));
        FILESTORE_TRY_ASSIGN(auto request, capi::recorded_files_request(before, cursor, limit, options));
        FILESTORE_TRY_ASSIGN(const auto read, service->service.recorded_files(std::move(request)));
        *page = capi::make_handle<filestore_buffer>(to_json(read));
        return {};
    });
}

int32_t filestore_reconcile(filestore_service* service, int32_t repair, filestore_drift_function finding,
                            void* context, const filestore_call_options* options, filestore_buffer** report,
                            filestore_error** err) noexcept {
    return capi::guard(err, [&]() -> Result<void> {
        FILESTORE_TRY(capi::clear_output(report, "report"));
        FILESTORE_TRY(capi::require(service, "service"));
        FILESTORE_TRY_ASSIGN(const auto reconciled, service->service.reconcile(capi::reconcile_request(
                                                        repair, finding, context, options)));
        *report = capi::make_handle<filestore_buffer>(to_json(reconciled));
        return {};
    });
}

int32_t filestore_forget_audit_server(filestore_service* service, const filestore_call_options* options,
                                      uint64_t* count, filestore_error** err) noexcept {
    return capi::guard(err, [&]() -> Result<void> {
        FILESTORE_TRY(capi::clear_output(count, "count"));
        FILESTORE_TRY(capi::require(service, "service"));
        FILESTORE_TRY_ASSIGN(*count, service->service.forget_audit_server(capi::call_of(options)));
        return {};
    });
}

int32_t filestore_catalogued_files(filestore_service* service, const char* behind, int32_t newest_first,
                                   const char* key, uint32_t limit, const filestore_call_options* options,
                                   filestore_buffer** page, filestore_error** err) noexcept {
    return capi::guard(err, [&]() -> Result<void> {
        FILESTORE_TRY(capi::clear_output(page, "page"));
        FILESTORE_TRY(capi::require(service, "service"));
        FILESTORE_TRY_ASSIGN(auto request,
                             capi::catalogued_files_request(behind, newest_first, key, limit, options));
        FILESTORE_TRY_ASSIGN(const auto read, service->service.catalogued_files(std::move(request)));
        *page = capi::make_handle<filestore_buffer>(capi::catalogued_json(read));
        return {};
    });
}

int32_t filestore_has_audit_server(const filestore_service* service) noexcept {
    return capi::guard_read(service, int32_t{0}, [](const filestore_service& handle) noexcept {
        return int32_t{handle.service.has_audit_server()};
    });
}

int32_t filestore_flush_async(filestore_service* service, const filestore_call_options* options,
                              filestore_done_function done, void* context, filestore_error** err) noexcept {
    return capi::guard(err, [&] {
        return capi::begin_call(service, Result(FlushRequest{capi::call_of(options)}),
                                &FileService::flush_async, done, capi::nothing_to(done, context));
    });
}

int32_t filestore_audit_status_async(filestore_service* service, const filestore_call_options* options,
                                     filestore_done_function done, void* context,
                                     filestore_error** err) noexcept {
    return capi::guard(err, [&] {
        return capi::begin_call(service, Result(capi::call_of(options)), &FileService::audit_status_async,
                                done, capi::json_to<AuditStatus>(done, context));
    });
}

int32_t filestore_parked_async(filestore_service* service, const char* after, uint32_t limit,
                               const filestore_call_options* options, filestore_done_function done,
                               void* context, filestore_error** err) noexcept {
    return capi::guard(err, [&] {
        return capi::begin_call(service, capi::parked_request(after, limit, options),
                                &FileService::parked_files_async, done,
                                capi::json_to<std::vector<ParkedFile>>(done, context, &capi::parked_json));
    });
}

int32_t filestore_retry_parked_async(filestore_service* service, const char* file_id,
                                     const filestore_call_options* options, filestore_done_function done,
                                     void* context, filestore_error** err) noexcept {
    return capi::guard(err, [&] {
        return capi::begin_call(service, capi::retry_parked_request(file_id, options),
                                &FileService::retry_parked_async, done, capi::count_to(done, context));
    });
}

int32_t filestore_history_async(filestore_service* service, const char* id,
                                const filestore_call_options* options, filestore_done_function done,
                                void* context, filestore_error** err) noexcept {
    return capi::guard(err, [&] {
        return capi::begin_call(service, capi::file_request(id, options), &FileService::history_async, done,
                                capi::json_to<FileHistory>(done, context));
    });
}

int32_t filestore_recorded_files_async(filestore_service* service, const char* before, const char* cursor,
                                       uint32_t limit, const filestore_call_options* options,
                                       filestore_done_function done, void* context,
                                       filestore_error** err) noexcept {
    return capi::guard(err, [&] {
        return capi::begin_call(service, capi::recorded_files_request(before, cursor, limit, options),
                                &FileService::recorded_files_async, done,
                                capi::json_to<RecordedFilesPage>(done, context));
    });
}

int32_t filestore_reconcile_async(filestore_service* service, int32_t repair,
                                  filestore_drift_function finding, void* listener,
                                  const filestore_call_options* options, filestore_done_function done,
                                  void* context, filestore_error** err) noexcept {
    return capi::guard(err, [&] {
        return capi::begin_call(service, Result(capi::reconcile_request(repair, finding, listener, options)),
                                &FileService::reconcile_async, done,
                                capi::json_to<ReconcileReport>(done, context));
    });
}

int32_t filestore_forget_audit_server_async(filestore_service* service, const filestore_call_options* options,
                                            filestore_done_function done, void* context,
                                            filestore_error** err) noexcept {
    return capi::guard(err, [&] {
        return capi::begin_call(service, Result(capi::call_of(options)),
                                &FileService::forget_audit_server_async, done, capi::count_to(done, context));
    });
}

int32_t filestore_catalogued_files_async(filestore_service* service, const char* behind, int32_t newest_first,
                                         const char* key, uint32_t limit,
                                         const filestore_call_options* options, filestore_done_function done,
                                         void* context, filestore_error** err) noexcept {
    return capi::guard(err, [&] {
        return capi::begin_call(service,
                                capi::catalogued_files_request(behind, newest_first, key, limit, options),
                                &FileService::catalogued_files_async, done,
                                capi::json_to<CataloguedFilesPage>(done, context, &capi::catalogued_json));
    });
}
