/// Removes old files.

#include "arguments.h"

using namespace filestore;

int32_t filestore_cleanup(filestore_service* service, uint32_t days, int32_t dry_run,
                          const filestore_call_options* options, uint64_t* removed, uint64_t* failed,
                          filestore_error** err) noexcept {
    return capi::guard(err, [&]() -> Result<void> {
        FILESTORE_TRY(capi::clear_output(removed, "removed"));
        FILESTORE_TRY(capi::clear_output(failed, "failed"));
        FILESTORE_TRY(capi::require(service, "service"));
        CleanupRequest request;
        request.days = days;
        request.dry_run = dry_run != 0;
        if (options != nullptr) {
            request.call = capi::call_options(options->call);
        }
        FILESTORE_TRY_ASSIGN(const CleanupReport report, service->service.cleanup(std::move(request)));
        *removed = report.removed;
        *failed = report.failed;
        return {};
    });
}
