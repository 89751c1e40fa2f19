/// Cancel tokens, pauses, and what the options of every call have in common.

#include "call_options.h"

using namespace filestore;

int32_t filestore_cancel_create(filestore_cancel** cancel, filestore_error** err) noexcept {
    return capi::guard(err, [&] { return capi::create_handle(cancel, "cancel"); });
}

void filestore_cancel_request(filestore_cancel* cancel) noexcept {
    (void)capi::guard_read(cancel, false, [](const filestore_cancel& handle) noexcept {
        return std::stop_source(handle.source).request_stop();
    });
}

void filestore_cancel_destroy(filestore_cancel* cancel) noexcept {
    capi::guard_destroy(cancel);
}

int32_t filestore_pause_create(filestore_pause** pause, filestore_error** err) noexcept {
    return capi::guard(err, [&]() -> Result<void> {
        FILESTORE_TRY(capi::clear_output(pause, "pause"));
        *pause = capi::make_handle<filestore_pause>(std::make_shared<PauseSwitch>());
        return {};
    });
}

void filestore_pause_set(filestore_pause* pause, int32_t paused) noexcept {
    capi::guard_run(pause, [paused](filestore_pause& handle) noexcept {
        paused != 0 ? handle.pause->pause() : handle.pause->resume();
    });
}

int32_t filestore_pause_is_set(const filestore_pause* pause) noexcept {
    return capi::guard_read(pause, int32_t{0}, [](const filestore_pause& handle) noexcept {
        return int32_t{handle.pause->is_paused()};
    });
}

void filestore_pause_destroy(filestore_pause* pause) noexcept {
    capi::guard_destroy(pause);
}

int32_t filestore_call_options_create(filestore_call_options** options, filestore_error** err) noexcept {
    return capi::guard(err, [&] { return capi::create_handle(options, "options"); });
}

int32_t filestore_call_options_set_timeout_ms(filestore_call_options* options, uint64_t timeout_ms,
                                              filestore_error** err) noexcept {
    return capi::guard(err, [&] { return capi::set_timeout(options, timeout_ms); });
}

int32_t filestore_call_options_set_cancel(filestore_call_options* options, const filestore_cancel* cancel,
                                          filestore_error** err) noexcept {
    return capi::guard(err, [&] { return capi::set_cancel(options, cancel); });
}

int32_t filestore_call_options_set_accept_missing(filestore_call_options* options, int32_t accept_missing,
                                                  filestore_error** err) noexcept {
    return capi::guard(err, [&]() -> Result<void> {
        FILESTORE_TRY(capi::require(options, "options"));
        options->accept_missing = accept_missing != 0;
        return {};
    });
}

int32_t filestore_call_options_set_uploads_older_than(filestore_call_options* options, uint64_t seconds,
                                                      filestore_error** err) noexcept {
    return capi::guard(err, [&]() -> Result<void> {
        FILESTORE_TRY(capi::require(options, "options"));
        FILESTORE_TRY_ASSIGN(options->uploads_older_than, capi::seconds_of(seconds, "uploads may rest"));
        return {};
    });
}

int32_t filestore_call_options_set_count_versions(filestore_call_options* options, int32_t count_versions,
                                                  filestore_error** err) noexcept {
    return capi::guard(err, [&]() -> Result<void> {
        FILESTORE_TRY(capi::require(options, "options"));
        options->count_versions = count_versions != 0;
        return {};
    });
}

int32_t filestore_call_options_set_forget_damaged(filestore_call_options* options, int32_t forget_damaged,
                                                  filestore_error** err) noexcept {
    return capi::guard(err, [&]() -> Result<void> {
        FILESTORE_TRY(capi::require(options, "options"));
        options->forget_damaged = forget_damaged != 0;
        return {};
    });
}

int32_t filestore_call_options_set_if_version(filestore_call_options* options, const char* version,
                                              filestore_error** err) noexcept {
    return capi::guard(err, [&]() -> Result<void> {
        FILESTORE_TRY(capi::require(options, "options"));
        options->if_version = version != nullptr ? version : "";
        return {};
    });
}

void filestore_call_options_destroy(filestore_call_options* options) noexcept {
    capi::guard_destroy(options);
}
