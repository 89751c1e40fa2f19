/// Removes old files, at once or by a schedule.

#include "arguments.h"

using namespace filestore;

int32_t filestore_cleanup(filestore_service* service, uint32_t days, int32_t dry_run,
                          const filestore_call_options* options, uint64_t* removed, uint64_t* failed,
                          uint64_t* purged, filestore_error** err) noexcept {
    return capi::guard(err, [&]() -> Result<void> {
        FILESTORE_TRY(capi::clear_output(removed, "removed"));
        FILESTORE_TRY(capi::clear_output(failed, "failed"));
        FILESTORE_TRY(capi::clear_output(purged, "purged"));
        FILESTORE_TRY(capi::require(service, "service"));
        CleanupRequest request;
        request.days = days;
        request.dry_run = dry_run != 0;
        if (options != nullptr) {
            request.call = capi::call_options(options->call);
            request.accept_missing = options->accept_missing;
        }
        FILESTORE_TRY_ASSIGN(const CleanupReport report, service->service.cleanup(std::move(request)));
        *removed = report.removed;
        *failed = report.failed;
        *purged = report.purged;
        return {};
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
        *at = service->service.next_cleanup().value_or(Timestamp()).time_since_epoch().count();
        return {};
    });
}
