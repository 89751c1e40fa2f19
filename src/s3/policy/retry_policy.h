#pragma once

/// When a request is made again. Pure functions: chance and time are inputs.

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

#include "filestore/error.h"
#include "filestore/s3_options.h"
#include "filestore/time.h"

namespace filestore::s3 {

inline constexpr std::chrono::seconds longest_retry_after{60};

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
