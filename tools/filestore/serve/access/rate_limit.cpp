#include "serve/access/rate_limit.h"

#include <algorithm>
#include <cmath>

namespace filestore::tool::serve {

namespace {

constexpr std::size_t many_callers = 10'000;

}  // namespace

std::optional<std::chrono::seconds> RateLimit::take(const std::string& caller, Clock::time_point now) {
    if (per_second_ == 0) {
        return std::nullopt;
    }
    const std::lock_guard lock(mutex_);
    if (buckets_.size() >= many_callers) {
        forget_full_ones(now);
    }
    Bucket& bucket =
        buckets_.try_emplace(caller, Bucket{static_cast<double>(per_second_), now}).first->second;
    bucket = {tokens_of(bucket, now), now};
    const auto wait = wait_for_one(bucket.tokens);
    bucket.tokens -= wait ? 0 : 1;
    return wait;
}

std::optional<std::chrono::seconds> RateLimit::wait_of(const std::string& caller,
                                                       Clock::time_point now) const {
    const std::lock_guard lock(mutex_);
    const auto found = buckets_.find(caller);
    return found == buckets_.end() ? std::nullopt : wait_for_one(tokens_of(found->second, now));
}

std::optional<std::chrono::seconds> RateLimit::wait_for_one(double tokens) const noexcept {
    if (tokens >= 1) {
        return std::nullopt;
    }
    const double wait = (1 - tokens) / per_second_;
    return std::chrono::seconds(static_cast<std::int64_t>(std::ceil(std::max(wait, 1.0))));
}

double RateLimit::tokens_of(const Bucket& bucket, Clock::time_point now) const noexcept {
    const double waited = std::chrono::duration<double>(now - bucket.filled_at).count();
    return std::min<double>(per_second_, bucket.tokens + waited * per_second_);
}

/// Whoever has not called for long enough is as if it never had.
void RateLimit::forget_full_ones(Clock::time_point now) {
    std::erase_if(buckets_, [&](const auto& entry) { return tokens_of(entry.second, now) >= per_second_; });
}

}  // namespace filestore::tool::serve
