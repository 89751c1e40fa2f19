/// URLs by which anybody can use a file for a while.

#include "answers.h"
#include "call_options.h"
#include "filestore/local_backend.h"
#include "presign_methods.h"
#include "requests.h"

using namespace filestore;

int32_t filestore_presign_options_create(filestore_presign_options** options,
                                         filestore_error** err) noexcept {
    return capi::guard(err, [&] { return capi::create_handle(options, "options"); });
}

int32_t filestore_presign_options_set_method(filestore_presign_options* options, const char* method,
                                             filestore_error** err) noexcept {
    return capi::guard(err, [&]() -> Result<void> {
        FILESTORE_TRY(capi::require(options, "options"));
        FILESTORE_TRY_ASSIGN(options->method, capi::presign_method(method));
        return {};
    });
}

int32_t filestore_presign_options_set_expires_in(filestore_presign_options* options, uint64_t seconds,
                                                 filestore_error** err) noexcept {
    return capi::guard(err, [&]() -> Result<void> {
        FILESTORE_TRY(capi::require(options, "options"));
        FILESTORE_TRY_ASSIGN(options->expires, capi::seconds_of(seconds, "a URL may last"));
        return {};
    });
}

int32_t filestore_presign_options_set_exact_expiry(filestore_presign_options* options, int32_t exact,
                                                   filestore_error** err) noexcept {
    return capi::guard(err, [&]() -> Result<void> {
        FILESTORE_TRY(capi::require(options, "options"));
        options->exact_expiry = exact != 0;
        return {};
    });
}

int32_t filestore_presign_options_set_disposition(filestore_presign_options* options, const char* disposition,
                                                  filestore_error** err) noexcept {
    return capi::guard(err, [&]() -> Result<void> {
        FILESTORE_TRY(capi::require(options, "options"));
        FILESTORE_TRY_ASSIGN(options->answer_disposition, capi::optional_text(disposition, "the header"));
        return {};
    });
}

int32_t filestore_presign_options_set_content_type(filestore_presign_options* options,
                                                   const char* content_type, filestore_error** err) noexcept {
    return capi::guard(err, [&]() -> Result<void> {
        FILESTORE_TRY(capi::require(options, "options"));
        FILESTORE_TRY_ASSIGN(options->answer_type, capi::optional_text(content_type, "the header"));
        return {};
    });
}

int32_t filestore_presign_options_set_timeout_ms(filestore_presign_options* options, uint64_t timeout_ms,
                                                 filestore_error** err) noexcept {
    return capi::guard(err, [&] { return capi::set_timeout(options, timeout_ms); });
}

int32_t filestore_presign_options_set_cancel(filestore_presign_options* options,
                                             const filestore_cancel* cancel, filestore_error** err) noexcept {
    return capi::guard(err, [&] { return capi::set_cancel(options, cancel); });
}

void filestore_presign_options_destroy(filestore_presign_options* options) noexcept {
    capi::guard_destroy(options);
}

int32_t filestore_presign(filestore_service* service, const char* id,
                          const filestore_presign_options* options, filestore_buffer** url,
                          int64_t* expires_at, filestore_error** err) noexcept {
    return capi::guard(err, [&]() -> Result<void> {
        capi::give(expires_at, std::int64_t{0});
        FILESTORE_TRY(capi::clear_output(url, "url"));
        FILESTORE_TRY(capi::require(service, "service"));
        FILESTORE_TRY_ASSIGN(PresignRequest request, capi::presign_request(id, options));
        FILESTORE_TRY_ASSIGN(PresignedUrl signed_url, service->service.presign(std::move(request)));
        *url = capi::make_handle<filestore_buffer>(std::move(signed_url.url));
        capi::give(expires_at, capi::microseconds_of(signed_url.expires_at));
        return {};
    });
}

int32_t filestore_presign_async(filestore_service* service, const char* id,
                                const filestore_presign_options* options, filestore_done_function done,
                                void* context, filestore_error** err) noexcept {
    return capi::guard(err, [&] {
        return capi::begin_call(service, capi::presign_request(id, options), &FileService::presign_async,
                                done, capi::url_to(done, context));
    });
}

int32_t filestore_check_signed_url(const char* url, const char* method, const char* url_key, int64_t now,
                                   char* id, filestore_error** err) noexcept {
    return capi::guard(err, [&]() -> Result<void> {
        FILESTORE_TRY(capi::clear_id(id));
        FILESTORE_TRY(capi::require(url, "url"));
        FILESTORE_TRY(capi::require(url_key, "url_key"));
        FILESTORE_TRY_ASSIGN(const PresignMethod allowed, capi::presign_method(method));
        const Timestamp time{std::chrono::microseconds(now)};
        FILESTORE_TRY_ASSIGN(const FileId file, check_signed_url(url, allowed, url_key, time));
        capi::copy_id(file, id);
        return {};
    });
}
