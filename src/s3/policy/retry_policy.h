#pragma once

/// Whether and when a request is made again. Pure functions: chance and time are inputs.

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

#include "filestore/error.h"
#include "filestore/s3_options.h"
#include "filestore/time.h"

namespace filestore::s3 {

/// What a second sending does. A value.
enum class Idempotency {
    /// The same as one: GET, HEAD, PUT, DELETE, UploadPart, listings, AbortMultipartUpload.
    idempotent,
    /// It may fail, or do more, where the first one was carried out and its answer lost: CompleteMultipartUpload, CreateMultipartUpload,
    /// conditional writes. It is repeated only where the server said that it did nothing, or by who can tell what happened.
    not_idempotent,
};

inline constexpr std::chrono::seconds longest_retry_after{60};

/// Whether a failed request may be sent again: the error says that it may help, and the first sending did no harm. An answer of status 429 or
/// 503, SlowDown and their like were not carried out, whatever the request was.
[[nodiscard]] bool may_retry(const Error& error, Idempotency idempotency) noexcept;

/// Whether the server asks for fewer requests: what slows the sender down (see send_rate.h).
[[nodiscard]] bool is_throttle(const Error& error) noexcept;

/// How long to wait before sending `attempt` (2 is the first repetition): evenly spread over 0 to the smaller of `longest_delay` and `first_delay` times 2 to the power of
/// `attempt` - 2 ("full jitter"), by 64 random bits; never less than `retry_after`, the server's own wish, of which up to 60 s are kept.
[[nodiscard]] std::chrono::milliseconds backoff(
    const S3RetryOptions& options, unsigned attempt, std::uint64_t random,
    std::optional<std::chrono::milliseconds> retry_after = std::nullopt) noexcept;

/// The header Retry-After: seconds, or an HTTP date from `now` on (both the same clock: the answer's own Date where it has one). At most 60 s, at least 0;
/// nothing for anything else.
[[nodiscard]] std::optional<std::chrono::milliseconds> parse_retry_after(std::string_view text,
                                                                         Timestamp now);

}  // namespace filestore::s3
