#include "call_options.h"

namespace filestore::capi {
namespace {

/// NULL empties it.
Result<void> set_text(filestore_send_options* options, std::string filestore_send_options::*member,
                      const char* text, std::string_view name) {
    FILESTORE_TRY(require(options, "options"));
    if (text == nullptr) {
        (options->*member).clear();
        return {};
    }
    FILESTORE_TRY_ASSIGN(options->*member, require_text(text, name));
    return {};
}

}  // namespace
}  // namespace filestore::capi

using namespace filestore;

int32_t filestore_send_options_create(filestore_send_options** options, filestore_error** err) noexcept {
    return capi::guard(err, [&] { return capi::create_handle(options, "options"); });
}

int32_t filestore_send_options_set_base_url(filestore_send_options* options, const char* base_url,
                                            filestore_error** err) noexcept {
    return capi::guard(err, [&] {
        return capi::set_text(options, &filestore_send_options::base_url, base_url, "base_url");
    });
}

int32_t filestore_send_options_set_key_variable(filestore_send_options* options, const char* key_variable,
                                                filestore_error** err) noexcept {
    return capi::guard(err, [&] {
        return capi::set_text(options, &filestore_send_options::key_variable, key_variable, "key_variable");
    });
}

int32_t filestore_send_options_set_purpose(filestore_send_options* options, const char* purpose,
                                           filestore_error** err) noexcept {
    return capi::guard(
        err, [&] { return capi::set_text(options, &filestore_send_options::purpose, purpose, "purpose"); });
}

int32_t filestore_send_options_set_expires_in(filestore_send_options* options, uint64_t seconds,
                                              filestore_error** err) noexcept {
    return capi::guard(err, [&]() -> Result<void> {
        FILESTORE_TRY(capi::require(options, "options"));
        FILESTORE_TRY_ASSIGN(const auto lifetime, capi::seconds_of(seconds, "a copy is kept"));
        options->expires_in = seconds != 0 ? std::optional(lifetime) : std::nullopt;
        return {};
    });
}

int32_t filestore_send_options_set_again(filestore_send_options* options, int32_t again,
                                         filestore_error** err) noexcept {
    return capi::guard(err, [&]() -> Result<void> {
        FILESTORE_TRY(capi::require(options, "options"));
        options->again = again != 0;
        return {};
    });
}

int32_t filestore_send_options_set_timeout_ms(filestore_send_options* options, uint64_t timeout_ms,
                                              filestore_error** err) noexcept {
    return capi::guard(err, [&] { return capi::set_timeout(options, timeout_ms); });
}

int32_t filestore_send_options_set_cancel(filestore_send_options* options, const filestore_cancel* cancel,
                                          filestore_error** err) noexcept {
    return capi::guard(err, [&] { return capi::set_cancel(options, cancel); });
}

int32_t filestore_send_options_set_progress(filestore_send_options* options,
                                            filestore_progress_function progress, void* context,
                                            filestore_error** err) noexcept {
    return capi::guard(err, [&] { return capi::set_progress(options, progress, context); });
}

void filestore_send_options_destroy(filestore_send_options* options) noexcept {
    capi::guard_destroy(options);
}
