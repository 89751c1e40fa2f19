#pragma once

/// How many requests one caller may make.

#include <chrono>
#include <map>
#include <mutex>
#include <optional>
#include <string>

namespace filestore::tool::serve {

/// A token bucket for each caller (of as many as have called lately). A resource; thread-safe.
class RateLimit {
public:
    using Clock = std::chrono::steady_clock;

    /// So many requests a second, and as many at once; 0 for no limit.
    explicit RateLimit(unsigned per_second) noexcept : per_second_(per_second) {}

    /// Nothing where the caller may; else after how long it may ask again.
    [[nodiscard]] std::optional<std::chrono::seconds> take(const std::string& caller, Clock::time_point now);
    /// The same, and nothing is taken.
    [[nodiscard]] std::optional<std::chrono::seconds> wait_of(const std::string& caller,
                                                              Clock::time_point now) const;

private:
    struct Bucket {
        double tokens;
        Clock::time_point filled_at;
    };

    void forget_full_ones(Clock::time_point now);
    [[nodiscard]] double tokens_of(const Bucket& bucket, Clock::time_point now) const noexcept;
    [[nodiscard]] std::optional<std::chrono::seconds> wait_for_one(double tokens) const noexcept;

    const unsigned per_second_;
    mutable std::mutex mutex_;
    std::map<std::string, Bucket> buckets_;
};

}  // namespace filestore::tool::serve
