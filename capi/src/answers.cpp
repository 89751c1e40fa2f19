/// What asynchronous calls came to, as the caller reads it.

#include "answers.h"

#include "arguments.h"

namespace filestore::capi {
namespace {

template <class Value>
const Value* pointer_to(const std::optional<Value>& value) noexcept {
    return value ? &*value : nullptr;
}

}  // namespace

void PendingCAnswer::give(FunctionRef<Result<void>(filestore_answer&)> fill) noexcept {
    try {
        const Result<void> filled = fill(*answer_);
        if (!filled.ok()) {
            answer_->failure.emplace(filestore_error{filled.error()});
        }
    } catch (...) {
        answer_->failure.emplace(filestore_error{current_exception_error()});
    }
    try {
        done_(context_, answer_.release());
    } catch (...) {
        // The call has ended; nobody is left who could be told.
    }
}

}  // namespace filestore::capi

using namespace filestore;

int32_t filestore_answer_code(const filestore_answer* answer) noexcept {
    return capi::guard_read(answer, int32_t{FILESTORE_OK}, [](const filestore_answer& handle) noexcept {
        return handle.failure ? static_cast<int32_t>(handle.failure->error.code()) : FILESTORE_OK;
    });
}

const filestore_error* filestore_answer_error(const filestore_answer* answer) noexcept {
    return capi::guard_read(
        answer, static_cast<const filestore_error*>(nullptr),
        [](const filestore_answer& handle) noexcept { return capi::pointer_to(handle.failure); });
}

const char* filestore_answer_id(const filestore_answer* answer) noexcept {
    return capi::guard_read(answer, "",
                            [](const filestore_answer& handle) noexcept { return handle.id.data(); });
}

int32_t filestore_answer_flag(const filestore_answer* answer) noexcept {
    return capi::guard_read(answer, int32_t{0},
                            [](const filestore_answer& handle) noexcept { return int32_t{handle.flag}; });
}

uint64_t filestore_answer_bytes(const filestore_answer* answer) noexcept {
    return capi::guard_read(answer, uint64_t{0},
                            [](const filestore_answer& handle) noexcept { return handle.bytes; });
}

uint64_t filestore_answer_count(const filestore_answer* answer) noexcept {
    return capi::guard_read(answer, uint64_t{0},
                            [](const filestore_answer& handle) noexcept { return handle.count; });
}

uint64_t filestore_answer_offset(const filestore_answer* answer) noexcept {
    return capi::guard_read(answer, uint64_t{0},
                            [](const filestore_answer& handle) noexcept { return handle.offset; });
}

uint64_t filestore_answer_length(const filestore_answer* answer) noexcept {
    return capi::guard_read(answer, uint64_t{0},
                            [](const filestore_answer& handle) noexcept { return handle.length; });
}

const char* filestore_answer_version(const filestore_answer* answer) noexcept {
    return capi::guard_read(answer, "",
                            [](const filestore_answer& handle) noexcept { return handle.version.c_str(); });
}

int64_t filestore_answer_expires_at(const filestore_answer* answer) noexcept {
    return capi::guard_read(answer, int64_t{0}, [](const filestore_answer& handle) noexcept {
        return capi::microseconds_of(handle.expires_at);
    });
}

const filestore_buffer* filestore_answer_buffer(const filestore_answer* answer) noexcept {
    return capi::guard_read(
        answer, static_cast<const filestore_buffer*>(nullptr),
        [](const filestore_answer& handle) noexcept { return capi::pointer_to(handle.buffer); });
}

const filestore_list_page* filestore_answer_page(const filestore_answer* answer) noexcept {
    return capi::guard_read(
        answer, static_cast<const filestore_list_page*>(nullptr),
        [](const filestore_answer& handle) noexcept { return capi::pointer_to(handle.page); });
}

void filestore_answer_destroy(filestore_answer* answer) noexcept {
    capi::guard_destroy(answer);
}
