#pragma once

/// How fast the one stream of a download is.

#include <chrono>
#include <cstdint>
#include <optional>

namespace filestore::s3 {

/// Counts the time in which a receiver waited for bytes, and not what it did with them. A value; one thread at a time.
class StreamPace {
public:
    using Time = std::chrono::steady_clock::time_point;
    using Duration = std::chrono::steady_clock::duration;

    /// Of so many bytes at a time: few enough to tell soon, and so many that a moment in which a machine has other things to do makes no stream slow.
    static constexpr std::uint64_t stretch = std::uint64_t{16} << 20U;

    StreamPace() = default;
    /// Slow is what takes longer for a stretch than so many bytes a second do; 0: nothing is.
    explicit StreamPace(std::uint64_t rate) noexcept : limit_(time_of_stretch(rate)) {}

    void on_bytes(Time now) noexcept {
        if (waits_since_) {
            waited_ += now - *waits_since_;
            waits_since_.reset();
        }
    }

    /// The receiver has taken so many, and waits for the next; no time is given where it takes nothing now.
    void on_taken(std::uint64_t count, std::optional<Time> now) noexcept {
        waits_since_ = now;
        taken_ += count;
        if (taken_ >= stretch) {
            taken_ = 0;
            waited_ = {};
        }
    }

    [[nodiscard]] bool is_slow() const noexcept { return waited_ > limit_; }

private:
    [[nodiscard]] static Duration time_of_stretch(std::uint64_t rate) noexcept {
        constexpr std::uint64_t second = std::chrono::nanoseconds(std::chrono::seconds(1)).count();
        return rate == 0 ? Duration::max() : Duration(std::chrono::nanoseconds(stretch * second / rate));
    }

    Duration limit_ = Duration::max();
    std::optional<Time> waits_since_;
    Duration waited_{};
    std::uint64_t taken_ = 0;
};

}  // namespace filestore::s3
