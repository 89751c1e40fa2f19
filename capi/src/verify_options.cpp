#include "call_options.h"

using namespace filestore;

int32_t filestore_verify_options_create(filestore_verify_options** options, filestore_error** err) noexcept {
    return capi::guard(err, [&] { return capi::create_handle(options, "options"); });
}

int32_t filestore_verify_options_set_repair(filestore_verify_options* options, int32_t repair,
                                            filestore_error** err) noexcept {
    return capi::guard(err, [&]() -> Result<void> {
        FILESTORE_TRY(capi::require(options, "options"));
        options->repair = repair != 0;
        return {};
    });
}

int32_t filestore_verify_options_set_resume(filestore_verify_options* options, int32_t resume,
                                            filestore_error** err) noexcept {
    return capi::guard(err, [&]() -> Result<void> {
        FILESTORE_TRY(capi::require(options, "options"));
        options->resume = resume != 0;
        return {};
    });
}

int32_t filestore_verify_options_set_parallel(filestore_verify_options* options, uint32_t parallel,
                                              filestore_error** err) noexcept {
    return capi::guard(err, [&]() -> Result<void> {
        FILESTORE_TRY(capi::require(options, "options"));
        options->parallel = parallel;
        return {};
    });
}

int32_t filestore_verify_options_set_timeout_ms(filestore_verify_options* options, uint64_t timeout_ms,
                                                filestore_error** err) noexcept {
    return capi::guard(err, [&] { return capi::set_timeout(options, timeout_ms); });
}

int32_t filestore_verify_options_set_cancel(filestore_verify_options* options, const filestore_cancel* cancel,
                                            filestore_error** err) noexcept {
    return capi::guard(err, [&] { return capi::set_cancel(options, cancel); });
}

int32_t filestore_verify_options_set_finding(filestore_verify_options* options,
                                             filestore_finding_function finding, void* context,
                                             filestore_error** err) noexcept {
    return capi::guard(err, [&]() -> Result<void> {
        FILESTORE_TRY(capi::require(options, "options"));
        options->finding = finding;
        options->finding_context = context;
        return {};
    });
}

int32_t filestore_verify_options_set_progress(filestore_verify_options* options,
                                              filestore_verify_progress_function progress, void* context,
                                              filestore_error** err) noexcept {
    return capi::guard(err, [&]() -> Result<void> {
        FILESTORE_TRY(capi::require(options, "options"));
        options->progress = progress;
        options->progress_context = context;
        return {};
    });
}

void filestore_verify_options_destroy(filestore_verify_options* options) noexcept {
    capi::guard_destroy(options);
}
