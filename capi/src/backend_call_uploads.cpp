/// What a backend of a C caller is asked of uploads that come piece by piece, and how it answers.

#include "arguments.h"

using namespace filestore;

uint64_t filestore_backend_call_offset(const filestore_backend_call* call) noexcept {
    return capi::guard_read(call, uint64_t{0},
                            [](const filestore_backend_call& handle) noexcept { return handle.offset; });
}

int32_t filestore_backend_call_all_or_nothing(const filestore_backend_call* call) noexcept {
    return capi::guard_read(call, int32_t{0}, [](const filestore_backend_call& handle) noexcept {
        return int32_t{handle.all_or_nothing};
    });
}

uint64_t filestore_backend_call_lifetime(const filestore_backend_call* call) noexcept {
    return capi::guard_read(call, uint64_t{0}, [](const filestore_backend_call& handle) noexcept {
        return static_cast<uint64_t>(handle.lifetime.count());
    });
}

int32_t filestore_backend_call_set_upload(filestore_backend_call* call, uint64_t offset, uint64_t length,
                                          int64_t expires_at, const char* path, const char* content_type,
                                          const char* metadata, filestore_error** err) noexcept {
    return capi::guard(err, [&]() -> Result<void> {
        FILESTORE_TRY(capi::require(call, "call"));
        PartialUpload upload;
        upload.id = call->upload.id;
        upload.offset = offset;
        if (length != FILESTORE_UNKNOWN_SIZE) {
            upload.length = length;
        }
        upload.expires_at = Timestamp(std::chrono::microseconds(expires_at));
        FILESTORE_TRY_ASSIGN(upload.original_path, capi::optional_text(path, "path"));
        if (content_type != nullptr) {
            FILESTORE_TRY_ASSIGN(upload.content_type, capi::require_text(content_type, "content_type"));
        }
        if (metadata != nullptr) {
            FILESTORE_TRY_ASSIGN(upload.metadata, Metadata::parse(metadata));
        }
        call->upload = std::move(upload);
        return {};
    });
}
