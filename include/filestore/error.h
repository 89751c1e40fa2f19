#pragma once

/// Errors as values. No exception leaves the library: every call that can fail answers an Error inside a
/// Result (see result.h).
///
/// `Error` is a value: cheap to copy, immutable, safe to share between threads.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "filestore/export.h"

/// The closed set of public codes: X(name, number, text). Numbers are part of the C ABI and never reused.
/// A caller that meets a number it does not know treats it as `internal`.
#define FILESTORE_ERROR_CODES(X)                                                           \
    X(ok, 0, "ok")                                                                         \
    X(invalid_argument, 1, "an argument is not valid")                                     \
    X(not_found, 2, "the file is not there")                                               \
    X(already_exists, 3, "a file with this ID is already there")                           \
    X(precondition_failed, 4, "a condition of the request does not hold")                  \
    X(conflict, 5, "another writer was at work at the same time")                          \
    X(permission_denied, 6, "access is not allowed")                                       \
    X(unauthenticated, 7, "the credentials are missing, wrong or expired")                 \
    X(range_not_satisfiable, 8, "the range lies outside the file")                         \
    X(rate_limited, 9, "the server asks for fewer requests")                               \
    X(timeout, 10, "the deadline passed")                                                  \
    X(cancelled, 11, "the call was cancelled")                                             \
    X(unavailable, 12, "the server cannot be reached or cannot answer now")                \
    X(corrupt, 13, "stored or received data is damaged")                                   \
    X(unsupported, 14, "this backend or server cannot do it")                              \
    X(no_memory, 15, "out of memory")                                                      \
    X(no_space, 16, "no space left for the data")                                          \
    X(io, 17, "an operating system call failed")                                           \
    X(source_failed, 18, "the caller's source failed or did not deliver what it declared") \
    X(sink_failed, 19, "the caller's sink failed")                                         \
    X(rejected, 20, "validation refused the file")                                         \
    X(configuration, 21, "the configuration is not valid")                                 \
    X(would_deadlock, 22, "a blocking call was made on a library thread")                  \
    X(forked, 23, "the object was made before fork and used in the child")                 \
    X(outcome_unknown, 24, "the answer was lost and the outcome cannot be told")           \
    X(internal, 25, "a defect in the library")                                             \
    X(not_delivered, 26, "done and recorded, but the audit server was not told yet")

namespace filestore {

enum class ErrorCode : std::int32_t {
#define FILESTORE_CODE(name, number, text) name = number,
    FILESTORE_ERROR_CODES(FILESTORE_CODE)
#undef FILESTORE_CODE
};

/// The code's name, for example "not_found"; "unknown" for a number outside the set.
[[nodiscard]] FILESTORE_API std::string_view to_string(ErrorCode code) noexcept;

/// What is known of a failure beyond its code and message. A value.
struct ErrorDetails {
    /// The same call may succeed when it is made again.
    bool retryable = false;
    /// The HTTP status of the answer; 0 where none was received.
    int http_status = 0;
    /// The server's own code, for example "NoSuchBucket"; empty where there is none.
    std::string server_code;
    /// The server's id of the request, for its operator's logs; empty where there is none.
    std::string request_id;
    /// The number that a caller's source or sink failed with; it comes back unchanged.
    std::int32_t caller_code = 0;
};

/// One failure. A value; immutable, so safe from any thread.
class [[nodiscard]] FILESTORE_API Error {
public:
    /// An error with the code's own text. Allocates nothing, so it can report lack of memory.
    explicit Error(ErrorCode code) noexcept : code_(code) {}

    /// `message` is one line: what failed, where, and what to do. It never holds a secret.
    Error(ErrorCode code, std::string message, ErrorDetails details);
    Error(ErrorCode code, std::string message);
    Error(ErrorCode code, const char* message);

    [[nodiscard]] ErrorCode code() const noexcept { return code_; }

    /// One line of UTF-8 text, NUL-terminated; valid as long as any copy of this Error lives.
    [[nodiscard]] std::string_view message() const noexcept;

    [[nodiscard]] const ErrorDetails& details() const noexcept;
    [[nodiscard]] bool retryable() const noexcept { return details().retryable; }

    /// The same failure, its message led by `where` and ": ".
    [[nodiscard]] Error within(std::string_view where) const;

private:
    struct Text;
    ErrorCode code_;
    std::shared_ptr<const Text> text_;
};

}  // namespace filestore
