/// Removes old files, at once or by a schedule.

#include "answers.h"
#include "callbacks.h"
#include "service/cleanup_json.h"

using namespace filestore;

namespace filestore::capi {
namespace {

CleanupRequest cleanup_request(std::uint32_t days, std::int32_t dry_run,
                               const filestore_call_options* options) {
    CleanupRequest request;
    request.days = days;
    request.dry_run = dry_run != 0;
    if (options != nullptr) {
        request.call = call_options(options->call);
        request.accept_missing = options->accept_missing;
        request.uploads_older_than = options->uploads_older_than.value_or(request.uploads_older_than);
        request.count_versions = options->count_versions;
    }
    return request;
}

std::function<Result<void>(const CleanupFile&)> cleaned_file_hook(filestore_cleanup_function file,
                                                                  void* context) {
    if (file == nullptr) {
        return {};
    }
    return [file, context](const CleanupFile& cleaned) {
        const std::string id = cleaned.id.str();
        const std::string outcome(to_string(cleaned.outcome));
        const std::string reason = cleaned.reason ? std::string(cleaned.reason->message()) : std::string();
        return call_back(ErrorCode::sink_failed, "listener",
                         [&] { return file(context, id.c_str(), outcome.c_str(), reason.c_str()); });
    };
}

/// C++ exceptions of the program, if any, end in these two: a scheduled run does not fail because nobody could be told of it.
std::function<void(const CleanupFile&)> scheduled_file_hook(filestore_cleanup_function file, void* context) {
    if (file == nullptr) {
        return {};
    }
    return [told = cleaned_file_hook(file, context)](const CleanupFile& cleaned) {
        static_cast<void>(told(cleaned));
    };
}

std::function<void(const Result<CleanupReport>&)> run_hook(filestore_cleanup_run_function run,
                                                           void* context) {
    if (run == nullptr) {
        return {};
    }
    return [run, context](const Result<CleanupReport>& report) {
        try {
            if (report.ok()) {
                return run(context, to_json(*report, false).c_str(), nullptr);
            }
            const filestore_error error{report.error()};
            run(context, "", &error);
        } catch (...) {
        }
    };
}

}  // namespace
}  // namespace filestore::capi

int32_t filestore_options_set_cleanup(filestore_options* options, filestore_cleanup_function file,
                                      filestore_cleanup_run_function run, void* context,
                                      filestore_error** err) noexcept {
    return capi::guard(err, [&]() -> Result<void> {
        FILESTORE_TRY(capi::require(options, "options"));
        options->options.cleanup.on_file = capi::scheduled_file_hook(file, context);
        options->options.cleanup.on_run = capi::run_hook(run, context);
        return {};
    });
}

int32_t filestore_cleanup(filestore_service* service, uint32_t days, int32_t dry_run,
                          const filestore_call_options* options, uint64_t* removed, uint64_t* failed,
                          uint64_t* purged, filestore_error** err) noexcept {
    return capi::guard(err, [&]() -> Result<void> {
        FILESTORE_TRY(capi::clear_output(removed, "removed"));
        FILESTORE_TRY(capi::clear_output(failed, "failed"));
        FILESTORE_TRY(capi::clear_output(purged, "purged"));
        FILESTORE_TRY(capi::require(service, "service"));
        FILESTORE_TRY_ASSIGN(const CleanupReport report,
                             service->service.cleanup(capi::cleanup_request(days, dry_run, options)));
        *removed = report.removed;
        *failed = report.failed;
        *purged = report.purged;
        return {};
    });
}

int32_t filestore_cleanup_report(filestore_service* service, uint32_t days, int32_t dry_run,
                                 filestore_cleanup_function file, void* context,
                                 const filestore_call_options* options, filestore_buffer** report,
                                 filestore_error** err) noexcept {
    return capi::guard(err, [&]() -> Result<void> {
        FILESTORE_TRY(capi::clear_output(report, "report"));
        FILESTORE_TRY(capi::require(service, "service"));
        CleanupRequest request = capi::cleanup_request(days, dry_run, options);
        request.on_file = capi::cleaned_file_hook(file, context);
        FILESTORE_TRY_ASSIGN(const CleanupReport cleaned, service->service.cleanup(std::move(request)));
        *report = capi::make_handle<filestore_buffer>(to_json(cleaned, dry_run != 0));
        return {};
    });
}

int32_t filestore_cleanup_report_async(filestore_service* service, uint32_t days, int32_t dry_run,
                                       filestore_cleanup_function file, void* listener,
                                       const filestore_call_options* options, filestore_done_function done,
                                       void* context, filestore_error** err) noexcept {
    return capi::guard(err, [&] {
        CleanupRequest request = capi::cleanup_request(days, dry_run, options);
        request.on_file = capi::cleaned_file_hook(file, listener);
        const auto write = [is_dry = dry_run != 0](const CleanupReport& report) {
            return to_json(report, is_dry);
        };
        return capi::begin_call(service, Result(std::move(request)), &FileService::cleanup_async, done,
                                capi::json_to<CleanupReport>(done, context, write));
    });
}

int32_t filestore_start(filestore_service* service, filestore_error** err) noexcept {
    return capi::guard(err, [&]() -> Result<void> {
        FILESTORE_TRY(capi::require(service, "service"));
        return service->service.start();
    });
}

int32_t filestore_next_cleanup(filestore_service* service, int64_t* at, filestore_error** err) noexcept {
    return capi::guard(err, [&]() -> Result<void> {
        FILESTORE_TRY(capi::clear_output(at, "at"));
        FILESTORE_TRY(capi::require(service, "service"));
        *at = capi::microseconds_of(service->service.next_cleanup().value_or(Timestamp()));
        return {};
    });
}
