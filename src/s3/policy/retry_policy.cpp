#include "s3/policy/retry_policy.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "core/http_date.h"

namespace filestore::s3 {
namespace {

/// Answers of a server that turned the request away unread.
constexpr std::array<std::string_view, 12> turned_away{"BandwidthLimitExceeded",
                                                       "Busy",
                                                       "RequestLimitExceeded",
                                                       "RequestThrottled",
                                                       "ServiceUnavailable",
                                                       "SlowDown",
                                                       "SlowDownRead",
                                                       "SlowDownWrite",
                                                       "Throttling",
                                                       "ThrottlingException",
                                                       "TooManyRequests",
                                                       "XMinioServerNotInitialized"};

bool was_turned_away(const Error& error) noexcept {
    const ErrorDetails& details = error.details();
    if (details.http_status == 429 || error.code() == ErrorCode::rate_limited) {
        return true;
    }
    if (details.http_status == 503 && details.server_code.empty()) {
        return true;
    }
    return std::find(turned_away.begin(), turned_away.end(), details.server_code) != turned_away.end();
}

/// `random` spread evenly over 0 to `bound`, both included.
std::uint64_t scaled(std::uint64_t random, std::uint64_t bound) noexcept {
    // The 32 high bits are enough for milliseconds, and the product cannot overflow.
    return ((random >> 32U) * (bound + 1)) >> 32U;
}

std::chrono::milliseconds kept(std::chrono::milliseconds wish) noexcept {
    return std::clamp<std::chrono::milliseconds>(wish, std::chrono::milliseconds::zero(),
                                                 longest_retry_after);
}

}  // namespace

bool is_throttle(const Error& error) noexcept {
    return error.code() == ErrorCode::rate_limited || was_turned_away(error);
}

std::chrono::milliseconds backoff(const S3RetryOptions& options, unsigned attempt, std::uint64_t random,
                                  std::optional<std::chrono::milliseconds> retry_after) noexcept {
    constexpr unsigned most_doublings = 20;
    // The product below holds for an hour of waiting.
    constexpr std::chrono::milliseconds longest = std::chrono::hours(1);
    const unsigned doublings = std::min(attempt < 2 ? 0U : attempt - 2, most_doublings);
    const auto base = std::clamp<std::chrono::milliseconds>(options.first_delay,
                                                            std::chrono::milliseconds::zero(), longest);
    const auto cap = std::clamp<std::chrono::milliseconds>(options.longest_delay,
                                                           std::chrono::milliseconds::zero(), longest);
    const auto bound = std::min(cap, base * (std::int64_t{1} << doublings));
    const auto wait = std::chrono::milliseconds(scaled(random, static_cast<std::uint64_t>(bound.count())));
    return std::max(wait, kept(retry_after.value_or(std::chrono::milliseconds::zero())));
}

std::optional<std::chrono::milliseconds> parse_retry_after(std::string_view text, Timestamp now) {
    std::uint32_t seconds = 0;
    const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), seconds);
    const bool is_number = end == text.data() + text.size() && !text.empty();
    if (is_number && failure == std::errc::result_out_of_range) {
        return longest_retry_after;
    }
    if (is_number && failure == std::errc()) {
        return kept(std::chrono::seconds(seconds));
    }
    const Result<Timestamp> date = parse_http_date(text);
    if (!date.ok()) {
        return std::nullopt;
    }
    return kept(std::chrono::ceil<std::chrono::milliseconds>(*date - now));
}

}  // namespace filestore::s3
