/// Error objects, codes and the version.

#include <array>
#include <exception>
#include <new>

#include "core/text.h"
#include "filestore/version.h"
#include "guard.h"
#include "handles.h"

namespace filestore::capi {
namespace {

#define FILESTORE_SAME_CODE(c_code, code) \
    static_assert((c_code) == static_cast<std::int32_t>(ErrorCode::code))
FILESTORE_SAME_CODE(FILESTORE_OK, ok);
FILESTORE_SAME_CODE(FILESTORE_INVALID_ARGUMENT, invalid_argument);
FILESTORE_SAME_CODE(FILESTORE_NOT_FOUND, not_found);
FILESTORE_SAME_CODE(FILESTORE_ALREADY_EXISTS, already_exists);
FILESTORE_SAME_CODE(FILESTORE_PRECONDITION_FAILED, precondition_failed);
FILESTORE_SAME_CODE(FILESTORE_CONFLICT, conflict);
FILESTORE_SAME_CODE(FILESTORE_PERMISSION_DENIED, permission_denied);
FILESTORE_SAME_CODE(FILESTORE_UNAUTHENTICATED, unauthenticated);
FILESTORE_SAME_CODE(FILESTORE_RANGE_NOT_SATISFIABLE, range_not_satisfiable);
FILESTORE_SAME_CODE(FILESTORE_RATE_LIMITED, rate_limited);
FILESTORE_SAME_CODE(FILESTORE_TIMEOUT, timeout);
FILESTORE_SAME_CODE(FILESTORE_CANCELLED, cancelled);
FILESTORE_SAME_CODE(FILESTORE_UNAVAILABLE, unavailable);
FILESTORE_SAME_CODE(FILESTORE_CORRUPT, corrupt);
FILESTORE_SAME_CODE(FILESTORE_UNSUPPORTED, unsupported);
FILESTORE_SAME_CODE(FILESTORE_NO_MEMORY, no_memory);
FILESTORE_SAME_CODE(FILESTORE_NO_SPACE, no_space);
FILESTORE_SAME_CODE(FILESTORE_IO, io);
FILESTORE_SAME_CODE(FILESTORE_SOURCE_FAILED, source_failed);
FILESTORE_SAME_CODE(FILESTORE_SINK_FAILED, sink_failed);
FILESTORE_SAME_CODE(FILESTORE_REJECTED, rejected);
FILESTORE_SAME_CODE(FILESTORE_CONFIGURATION, configuration);
FILESTORE_SAME_CODE(FILESTORE_WOULD_DEADLOCK, would_deadlock);
FILESTORE_SAME_CODE(FILESTORE_FORKED, forked);
FILESTORE_SAME_CODE(FILESTORE_OUTCOME_UNKNOWN, outcome_unknown);
FILESTORE_SAME_CODE(FILESTORE_NOT_DELIVERED, not_delivered);
FILESTORE_SAME_CODE(FILESTORE_INTERNAL, internal);
#undef FILESTORE_SAME_CODE

static_assert(FILESTORE_ID_SIZE == FileId::text_size + 1);

constexpr std::size_t code_count = FILESTORE_INTERNAL + 1;
using ReserveErrors = std::array<filestore_error, code_count>;

template <std::size_t... numbers>
ReserveErrors make_reserve(std::index_sequence<numbers...>) noexcept {
    return {filestore_error{Error(static_cast<ErrorCode>(numbers))}...};
}

/// One error object for each code, for when there is no memory. Never destroyed, so that errors work during exit.
ReserveErrors& reserve_errors() noexcept {
    alignas(ReserveErrors) static std::byte storage[sizeof(ReserveErrors)];
    static ReserveErrors* const errors =
        new (storage) ReserveErrors(make_reserve(std::make_index_sequence<code_count>()));
    return *errors;
}

filestore_error* reserve_error(ErrorCode code) noexcept {
    const auto number = static_cast<std::size_t>(code);
    return &reserve_errors()[number < code_count ? number : std::size_t{FILESTORE_INTERNAL}];
}

bool is_reserve_error(const filestore_error* error) noexcept {
    const ReserveErrors& errors = reserve_errors();
    return !std::less<>{}(error, errors.data()) && std::less<>{}(error, errors.data() + errors.size());
}

const char* code_name(std::int32_t code) noexcept {
    switch (code) {
#define FILESTORE_CODE(name, number, text) \
    case number:                           \
        return #name;
        FILESTORE_ERROR_CODES(FILESTORE_CODE)
#undef FILESTORE_CODE
        default:
            return "unknown";
    }
}

Error internal_error(const char* what) noexcept {
    try {
        return Error(ErrorCode::internal, "unexpected exception: " + quoted(what));
    } catch (...) {
        return Error(ErrorCode::internal);
    }
}

}  // namespace

std::int32_t guard(filestore_error** err, FunctionRef<Result<void>()> body) noexcept {
    if (err != nullptr) {
        *err = nullptr;
    }
    try {
        const Result<void> result = body();
        return result.ok() ? FILESTORE_OK : report(result.error(), err);
    } catch (...) {
        return report(current_exception_error(), err);
    }
}

std::int32_t report(const Error& error, filestore_error** err) noexcept {
    if (err != nullptr) {
        filestore_error* object = new (std::nothrow) filestore_error{error};
        *err = object != nullptr ? object : reserve_error(error.code());
    }
    return static_cast<std::int32_t>(error.code());
}

Error current_exception_error() noexcept {
    try {
        throw;
    } catch (const std::bad_alloc&) {
        return Error(ErrorCode::no_memory);
    } catch (const std::exception& exception) {
        return internal_error(exception.what());
    } catch (...) {
        return Error(ErrorCode::internal);
    }
}

}  // namespace filestore::capi

using namespace filestore;

const char* filestore_version() noexcept {
    return FILESTORE_VERSION;
}

const char* filestore_code_name(int32_t code) noexcept {
    return capi::code_name(code);
}

int32_t filestore_error_code(const filestore_error* error) noexcept {
    return capi::guard_read(error, int32_t{FILESTORE_OK}, [](const filestore_error& object) noexcept {
        return static_cast<int32_t>(object.error.code());
    });
}

const char* filestore_error_message(const filestore_error* error) noexcept {
    return capi::guard_read(
        error, "", [](const filestore_error& object) noexcept { return object.error.message().data(); });
}

int32_t filestore_error_retryable(const filestore_error* error) noexcept {
    return capi::guard_read(error, int32_t{0}, [](const filestore_error& object) noexcept {
        return int32_t{object.error.retryable()};
    });
}

int32_t filestore_error_http_status(const filestore_error* error) noexcept {
    return capi::guard_read(error, int32_t{0}, [](const filestore_error& object) noexcept {
        return int32_t{object.error.details().http_status};
    });
}

const char* filestore_error_server_code(const filestore_error* error) noexcept {
    return capi::guard_read(error, "", [](const filestore_error& object) noexcept {
        return object.error.details().server_code.c_str();
    });
}

const char* filestore_error_request_id(const filestore_error* error) noexcept {
    return capi::guard_read(error, "", [](const filestore_error& object) noexcept {
        return object.error.details().request_id.c_str();
    });
}

int32_t filestore_error_caller_code(const filestore_error* error) noexcept {
    return capi::guard_read(error, int32_t{0}, [](const filestore_error& object) noexcept {
        return object.error.details().caller_code;
    });
}

void filestore_error_destroy(filestore_error* error) noexcept {
    capi::guard_destroy(capi::is_reserve_error(error) ? nullptr : error);
}
