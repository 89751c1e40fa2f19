/// What a backend of a C caller is asked, and how it answers.

#include "arguments.h"
#include "core/call_limits.h"
#include "presign_methods.h"

namespace filestore::capi {
namespace {

Timestamp time_of(std::int64_t microseconds) noexcept {
    return Timestamp(std::chrono::microseconds(microseconds));
}

Result<void> add_file(filestore_backend_call& call, ListEntry file) {
    const auto& files = call.page.files;
    if (files.size() >= call.limit) {
        return Error(ErrorCode::invalid_argument,
                     "a page has no room for more than " + std::to_string(call.limit) + " files");
    }
    if (!files.empty() && file.id <= files.back().id) {
        return Error(ErrorCode::invalid_argument, "the files of a page come in the order of their IDs, and " +
                                                      file.id.str() + " does not come behind " +
                                                      files.back().id.str());
    }
    call.page.files.push_back(file);
    return {};
}

}  // namespace
}  // namespace filestore::capi

using namespace filestore;

const char* filestore_backend_call_id(const filestore_backend_call* call) noexcept {
    return capi::guard_read(call, "",
                            [](const filestore_backend_call& handle) noexcept { return handle.id.c_str(); });
}

int32_t filestore_backend_call_state(const filestore_backend_call* call) noexcept {
    return capi::guard_read(call, int32_t{FILESTORE_OK}, [](const filestore_backend_call& handle) noexcept {
        const auto goes_on = check_call_limits(handle.limits->cancel, handle.limits->deadline);
        return goes_on.ok() ? int32_t{FILESTORE_OK} : static_cast<int32_t>(goes_on.error().code());
    });
}

const char* filestore_backend_call_path(const filestore_backend_call* call) noexcept {
    return capi::guard_read(
        call, "", [](const filestore_backend_call& handle) noexcept { return handle.path.c_str(); });
}

const char* filestore_backend_call_content_type(const filestore_backend_call* call) noexcept {
    return capi::guard_read(
        call, "", [](const filestore_backend_call& handle) noexcept { return handle.content_type.c_str(); });
}

const char* filestore_backend_call_metadata(const filestore_backend_call* call) noexcept {
    return capi::guard_read(
        call, "", [](const filestore_backend_call& handle) noexcept { return handle.metadata.c_str(); });
}

uint64_t filestore_backend_call_size(const filestore_backend_call* call) noexcept {
    return capi::guard_read(call, uint64_t{FILESTORE_UNKNOWN_SIZE},
                            [](const filestore_backend_call& handle) noexcept { return handle.size; });
}

int32_t filestore_backend_call_create_only(const filestore_backend_call* call) noexcept {
    return capi::guard_read(call, int32_t{0}, [](const filestore_backend_call& handle) noexcept {
        return int32_t{handle.create_only};
    });
}

const char* filestore_backend_call_if_version(const filestore_backend_call* call) noexcept {
    return capi::guard_read(
        call, "", [](const filestore_backend_call& handle) noexcept { return handle.if_version.c_str(); });
}

const char* filestore_backend_call_cursor(const filestore_backend_call* call) noexcept {
    return capi::guard_read(
        call, "", [](const filestore_backend_call& handle) noexcept { return handle.cursor.c_str(); });
}

uint32_t filestore_backend_call_limit(const filestore_backend_call* call) noexcept {
    return capi::guard_read(call, uint32_t{0},
                            [](const filestore_backend_call& handle) noexcept { return handle.limit; });
}

const char* filestore_backend_call_method(const filestore_backend_call* call) noexcept {
    return capi::guard_read(
        call, "", [](const filestore_backend_call& handle) noexcept { return capi::name_of(handle.method); });
}

uint64_t filestore_backend_call_expires_in(const filestore_backend_call* call) noexcept {
    return capi::guard_read(call, uint64_t{0}, [](const filestore_backend_call& handle) noexcept {
        return static_cast<uint64_t>(handle.expires.count());
    });
}

int32_t filestore_backend_call_exact_expiry(const filestore_backend_call* call) noexcept {
    return capi::guard_read(call, int32_t{0}, [](const filestore_backend_call& handle) noexcept {
        return int32_t{handle.exact_expiry};
    });
}

const char* filestore_backend_call_answer_disposition(const filestore_backend_call* call) noexcept {
    return capi::guard_read(call, "", [](const filestore_backend_call& handle) noexcept {
        return handle.answer_disposition.c_str();
    });
}

const char* filestore_backend_call_answer_type(const filestore_backend_call* call) noexcept {
    return capi::guard_read(
        call, "", [](const filestore_backend_call& handle) noexcept { return handle.answer_type.c_str(); });
}

int32_t filestore_backend_call_set_failure(filestore_backend_call* call, const char* message,
                                           int32_t retryable, filestore_error** err) noexcept {
    return capi::guard(err, [&]() -> Result<void> {
        FILESTORE_TRY(capi::require(call, "call"));
        FILESTORE_TRY_ASSIGN(call->failure, capi::optional_text(message, "message"));
        call->is_retryable = retryable != 0;
        return {};
    });
}

int32_t filestore_backend_call_set_info(filestore_backend_call* call, uint64_t size, int64_t last_modified,
                                        const char* path, const char* content_type, const char* metadata,
                                        const char* version, filestore_error** err) noexcept {
    return capi::guard(err, [&]() -> Result<void> {
        FILESTORE_TRY(capi::require(call, "call"));
        FileInfo info;
        info.id = call->info.id;
        info.size = size;
        info.last_modified = capi::time_of(last_modified);
        FILESTORE_TRY_ASSIGN(info.original_path, capi::optional_text(path, "path"));
        if (content_type != nullptr) {
            FILESTORE_TRY_ASSIGN(info.content_type, capi::require_text(content_type, "content_type"));
        }
        if (metadata != nullptr) {
            FILESTORE_TRY_ASSIGN(info.metadata, Metadata::parse(metadata));
        }
        FILESTORE_TRY_ASSIGN(info.version, capi::optional_text(version, "version"));
        call->info = std::move(info);
        return {};
    });
}

int32_t filestore_backend_call_add_file(filestore_backend_call* call, const char* id, uint64_t size,
                                        int64_t last_modified, filestore_error** err) noexcept {
    return capi::guard(err, [&]() -> Result<void> {
        FILESTORE_TRY(capi::require(call, "call"));
        FILESTORE_TRY_ASSIGN(const FileId file, capi::parse_id(id));
        return capi::add_file(*call, {file, size, capi::time_of(last_modified)});
    });
}

int32_t filestore_backend_call_set_next(filestore_backend_call* call, const char* cursor,
                                        filestore_error** err) noexcept {
    return capi::guard(err, [&]() -> Result<void> {
        FILESTORE_TRY(capi::require(call, "call"));
        FILESTORE_TRY_ASSIGN(call->page.next, capi::require_text(cursor, "cursor"));
        return {};
    });
}

int32_t filestore_backend_call_set_url(filestore_backend_call* call, const char* url, int64_t expires_at,
                                       filestore_error** err) noexcept {
    return capi::guard(err, [&]() -> Result<void> {
        FILESTORE_TRY(capi::require(call, "call"));
        FILESTORE_TRY_ASSIGN(call->url.url, capi::require_text(url, "url"));
        call->url.expires_at = capi::time_of(expires_at);
        return {};
    });
}
