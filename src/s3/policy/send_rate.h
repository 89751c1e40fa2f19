#pragma once

/// How fast a client sends to one endpoint: without a bound until the server asks for fewer requests, then at a rate that is halved at each such wish and
/// grows again while requests succeed. The time is an input.

#include <chrono>
#include <cstdint>
#include <mutex>

namespace filestore::s3 {

/// A value.
struct SendRateOptions {
    /// Requests a second; the rate never falls below.
    double least = 0.5;
    /// What a throttle leaves of the rate.
    double backoff_factor = 0.5;
    /// Within so much time one more wish for fewer requests is the same wish: it answers what was sent before the rate fell.
    std::chrono::milliseconds reaction{500};
};

/// A resource; thread-safe. All times are of one monotonic clock.
class SendRate {
public:
    using Clock = std::chrono::steady_clock;
    using Time = Clock::time_point;

    explicit SendRate(SendRateOptions options = {});

    /// Takes the next place in the row: how long from `now` to wait before sending. Zero while the endpoint has never throttled. Each call takes a place;
    /// whoever gives up its request wastes one.
    [[nodiscard]] Clock::duration acquire(Time now) noexcept;

    /// An answer that is no throttle came.
    void on_answer(Time now) noexcept;

    /// The server asked for fewer requests.
    void on_throttle(Time now) noexcept;

    /// Requests a second; infinity while there is no bound.
    [[nodiscard]] double rate() const noexcept;

private:
    void measure(Time now) noexcept;
    void grow(Time now) noexcept;

    const SendRateOptions options_;
    mutable std::mutex mutex_;

    /// What has been answered well: the measured rate, and the window that is being counted.
    double measured_ = 0;
    Time window_start_{};
    std::uint64_t window_answers_ = 0;

    bool bounded_ = false;
    double rate_ = 0;
    /// The rate at which the server throttled: growth slows down near it.
    double known_limit_ = 0;
    Time last_throttle_{};
    Time last_growth_{};
    /// When the next place is free.
    Time next_{};
};

}  // namespace filestore::s3
