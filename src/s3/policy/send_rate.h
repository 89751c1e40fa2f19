#pragma once

/// How fast a client sends to one endpoint: without a bound until the server asks for fewer requests, then at a rate that is halved at each such wish and
/// grows again while requests succeed. The time is an input.

#include <chrono>
#include <cstdint>
#include <mutex>
#include <optional>
#include <set>

namespace filestore::s3 {

/// Rates are requests a second. A value.
struct SendRateOptions {
    /// The rate never falls below.
    double least = 0.5;
    /// Taken for the server's limit where it throttles a client that has sent little, and nobody knows what it would have taken.
    double unknown_limit = 500;
    /// What a throttle leaves of the rate.
    double backoff_factor = 0.5;
    /// Within so much time one more wish for fewer requests is the same wish: it answers what was sent before the rate fell.
    std::chrono::milliseconds reaction{500};
    /// After so much time without a throttle there is no bound any more.
    std::chrono::seconds forgotten{60};
};

/// A resource; thread-safe. All times are of one monotonic clock.
class SendRate {
public:
    using Clock = std::chrono::steady_clock;
    using Time = Clock::time_point;

    explicit SendRate(SendRateOptions options = {}) : options_(options) {}

    /// Takes the next place in the row: how long from `now` to wait before sending. Zero while there is no bound. Nothing, and no place taken, where it
    /// comes after `latest`. Whoever gives up its request gives its place back.
    [[nodiscard]] std::optional<Clock::duration> acquire(Time now, std::optional<Time> latest = {}) noexcept;

    /// A place that acquire() gave, and that nobody has used: it goes to the next that asks before its time.
    void give_back(Time place) noexcept;

    /// An answer that is no throttle came.
    void on_answer(Time now) noexcept;

    /// The server asked for fewer requests.
    void on_throttle(Time now) noexcept;

    /// Nothing while there is no bound.
    [[nodiscard]] std::optional<double> rate(Time now) const noexcept;

private:
    void count_answer(Time now) noexcept;
    [[nodiscard]] double measured(Time now) const noexcept;
    [[nodiscard]] double rate_at(Time now) const noexcept;
    [[nodiscard]] bool has_sent_enough(Time now) const noexcept;

    const SendRateOptions options_;
    mutable std::mutex mutex_;

    /// The answers of the window that is being counted, and the rate of the one before it; 0 where there is none.
    std::optional<Time> window_start_;
    std::uint64_t window_answers_ = 0;
    double last_window_rate_ = 0;

    /// Set while there is a bound: since when the last throttle tells in what is sent.
    std::optional<Time> slowed_from_;
    double rate_ = 0;
    /// What the server took when it throttled: growth is slow near it.
    double known_limit_ = 0;
    /// When the place behind all that were taken is free.
    Time next_{};
    /// Taken and given back.
    std::multiset<Time> given_back_;
};

}  // namespace filestore::s3
