#include "call_options.h"

namespace filestore::capi {
namespace {

Result<void> set_range(filestore_download_options& options, std::uint64_t offset, std::uint64_t length) {
    if (length == 0) {
        return Error(ErrorCode::invalid_argument, "a range of 0 bytes cannot be downloaded");
    }
    if (offset == 0 && length == FILESTORE_UNKNOWN_SIZE) {
        options.range.reset();
        return {};
    }
    ByteRange range{offset, std::nullopt};
    if (length != FILESTORE_UNKNOWN_SIZE) {
        range.length = length;
    }
    options.range = range;
    return {};
}

}  // namespace
}  // namespace filestore::capi

using namespace filestore;

int32_t filestore_download_options_create(filestore_download_options** options,
                                          filestore_error** err) noexcept {
    return capi::guard(err, [&] { return capi::create_handle(options, "options"); });
}

int32_t filestore_download_options_set_range(filestore_download_options* options, uint64_t offset,
                                             uint64_t length, filestore_error** err) noexcept {
    return capi::guard(err, [&]() -> Result<void> {
        FILESTORE_TRY(capi::require(options, "options"));
        return capi::set_range(*options, offset, length);
    });
}

int32_t filestore_download_options_set_info(filestore_download_options* options, filestore_info_function info,
                                            void* context, filestore_error** err) noexcept {
    return capi::guard(err, [&]() -> Result<void> {
        FILESTORE_TRY(capi::require(options, "options"));
        options->info = info;
        options->info_context = context;
        return {};
    });
}

int32_t filestore_download_options_set_timeout_ms(filestore_download_options* options, uint64_t timeout_ms,
                                                  filestore_error** err) noexcept {
    return capi::guard(err, [&] { return capi::set_timeout(options, timeout_ms); });
}

int32_t filestore_download_options_set_cancel(filestore_download_options* options,
                                              const filestore_cancel* cancel,
                                              filestore_error** err) noexcept {
    return capi::guard(err, [&] { return capi::set_cancel(options, cancel); });
}

int32_t filestore_download_options_set_pause(filestore_download_options* options,
                                             const filestore_pause* pause, filestore_error** err) noexcept {
    return capi::guard(err, [&] { return capi::set_pause(options, pause); });
}

int32_t filestore_download_options_set_progress(filestore_download_options* options,
                                                filestore_progress_function progress, void* context,
                                                filestore_error** err) noexcept {
    return capi::guard(err, [&] { return capi::set_progress(options, progress, context); });
}

void filestore_download_options_destroy(filestore_download_options* options) noexcept {
    capi::guard_destroy(options);
}
