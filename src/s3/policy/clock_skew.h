#pragma once

/// How far this machine's clock is off the server's: learned only from an answer that says so, so that no other answer with a strange date, and no proxy,
/// can spoil a signature.

#include <chrono>
#include <memory>
#include <mutex>
#include <string_view>
#include <utility>

#include "filestore/time.h"

namespace filestore::s3 {

inline constexpr std::chrono::hours largest_clock_skew{24};

/// Whether this server code is about the request's time.
[[nodiscard]] bool is_clock_error(std::string_view server_code) noexcept;

/// A resource; thread-safe.
class ClockSkew {
public:
    /// What to sign with, for a local time of `now`.
    [[nodiscard]] Timestamp corrected(Timestamp now) const noexcept;

    /// An error answer with this server code and header Date came when it was `now`, local time, to a request signed for `signed_for`. It teaches the
    /// skew, of at most 24 h. True where the request was signed for another time than the answer tells, whoever was the first to learn that: it is worth
    /// repeating, once. False for any other code, for a missing or malformed date, for more than 24 h, and where the request told the server's own time:
    /// then the clock is not what is wrong.
    [[nodiscard]] bool learn(std::string_view server_code, std::string_view date, Timestamp now,
                             Timestamp signed_for);

    /// The same of an answer that says in other words that the request's time was wrong.
    [[nodiscard]] bool learn(std::string_view date, Timestamp now, Timestamp signed_for);

    /// A request was accepted, and its answer has this Date (empty for none): a skew that the clocks no longer show is halved, and forgotten below a
    /// minute, so that a clock that was set right is trusted again.
    void on_accepted(std::string_view date, Timestamp now);

    [[nodiscard]] std::chrono::microseconds skew() const noexcept;

private:
    mutable std::mutex mutex_;
    std::chrono::microseconds skew_{0};
};

/// The server's time, as far as it is known: what keys are judged by that end by it. A resource; thread-safe.
class CorrectedClock final : public Clock {
public:
    CorrectedClock(std::shared_ptr<Clock> clock, std::shared_ptr<ClockSkew> skew) noexcept
        : clock_(std::move(clock)), skew_(std::move(skew)) {}

    [[nodiscard]] Timestamp now() const noexcept override { return skew_->corrected(clock_->now()); }

    /// This machine's own.
    [[nodiscard]] Timestamp local_now() const noexcept { return clock_->now(); }
    /// See ClockSkew; `came` is local time.
    bool learn(std::string_view date, Timestamp came, Timestamp signed_for) {
        return skew_->learn(date, came, signed_for);
    }

private:
    const std::shared_ptr<Clock> clock_;
    const std::shared_ptr<ClockSkew> skew_;
};

}  // namespace filestore::s3
