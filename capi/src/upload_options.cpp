#include "call_options.h"
#include "core/text.h"

namespace filestore::capi {
namespace {

Result<void> set_path(filestore_upload_options& options, const char* path) {
    if (path == nullptr) {
        options.path.reset();
        return {};
    }
    FILESTORE_TRY_ASSIGN(const std::string_view text, require_text(path, "path"));
    options.path = std::string(text);
    return {};
}

Result<void> set_content_type(filestore_upload_options& options, const char* content_type) {
    const std::string_view text = content_type != nullptr ? content_type : default_content_type;
    if (text.empty() || !is_printable_ascii(text)) {
        return Error(ErrorCode::invalid_argument, "the content type is not printable ASCII: " + quoted(text));
    }
    options.content_type = std::string(text);
    return {};
}

/// Checked here and not only by the upload, so that the mistake is reported where it is made.
Result<void> replace_metadata(filestore_upload_options& options, Metadata metadata) {
    FILESTORE_TRY(check_user_metadata(metadata));
    options.metadata = std::move(metadata);
    return {};
}

Result<void> set_metadata(filestore_upload_options& options, const char* key, const char* value) {
    FILESTORE_TRY(require(key, "key"));
    Metadata metadata = options.metadata;
    if (value == nullptr) {
        metadata.erase(key);
    } else {
        FILESTORE_TRY(metadata.set(key, value));
    }
    return replace_metadata(options, std::move(metadata));
}

Result<void> set_metadata_json(filestore_upload_options& options, const char* json) {
    if (json == nullptr) {
        return replace_metadata(options, Metadata());
    }
    FILESTORE_TRY_ASSIGN(Metadata metadata, Metadata::parse(json));
    return replace_metadata(options, std::move(metadata));
}

}  // namespace
}  // namespace filestore::capi

using namespace filestore;

int32_t filestore_upload_options_create(filestore_upload_options** options, filestore_error** err) noexcept {
    return capi::guard(err, [&] { return capi::create_handle(options, "options"); });
}

int32_t filestore_upload_options_set_path(filestore_upload_options* options, const char* path,
                                          filestore_error** err) noexcept {
    return capi::guard(err, [&]() -> Result<void> {
        FILESTORE_TRY(capi::require(options, "options"));
        return capi::set_path(*options, path);
    });
}

int32_t filestore_upload_options_set_content_type(filestore_upload_options* options, const char* content_type,
                                                  filestore_error** err) noexcept {
    return capi::guard(err, [&]() -> Result<void> {
        FILESTORE_TRY(capi::require(options, "options"));
        return capi::set_content_type(*options, content_type);
    });
}

int32_t filestore_upload_options_set_metadata(filestore_upload_options* options, const char* key,
                                              const char* value, filestore_error** err) noexcept {
    return capi::guard(err, [&]() -> Result<void> {
        FILESTORE_TRY(capi::require(options, "options"));
        return capi::set_metadata(*options, key, value);
    });
}

int32_t filestore_upload_options_set_metadata_json(filestore_upload_options* options, const char* json,
                                                   filestore_error** err) noexcept {
    return capi::guard(err, [&]() -> Result<void> {
        FILESTORE_TRY(capi::require(options, "options"));
        return capi::set_metadata_json(*options, json);
    });
}

int32_t filestore_upload_options_set_create_only(filestore_upload_options* options, int32_t create_only,
                                                 filestore_error** err) noexcept {
    return capi::guard(err, [&]() -> Result<void> {
        FILESTORE_TRY(capi::require(options, "options"));
        options->create_only = create_only != 0;
        return {};
    });
}

int32_t filestore_upload_options_set_if_version(filestore_upload_options* options, const char* version,
                                                filestore_error** err) noexcept {
    return capi::guard(err, [&]() -> Result<void> {
        FILESTORE_TRY(capi::require(options, "options"));
        options->if_version = version != nullptr ? version : "";
        return {};
    });
}

int32_t filestore_upload_options_set_timeout_ms(filestore_upload_options* options, uint64_t timeout_ms,
                                                filestore_error** err) noexcept {
    return capi::guard(err, [&] { return capi::set_timeout(options, timeout_ms); });
}

int32_t filestore_upload_options_set_cancel(filestore_upload_options* options, const filestore_cancel* cancel,
                                            filestore_error** err) noexcept {
    return capi::guard(err, [&] { return capi::set_cancel(options, cancel); });
}

int32_t filestore_upload_options_set_pause(filestore_upload_options* options, const filestore_pause* pause,
                                           filestore_error** err) noexcept {
    return capi::guard(err, [&] { return capi::set_pause(options, pause); });
}

int32_t filestore_upload_options_set_progress(filestore_upload_options* options,
                                              filestore_progress_function progress, void* context,
                                              filestore_error** err) noexcept {
    return capi::guard(err, [&] { return capi::set_progress(options, progress, context); });
}

void filestore_upload_options_destroy(filestore_upload_options* options) noexcept {
    capi::guard_destroy(options);
}
