#pragma once

/// When an exchange has made too little seen. Pure: the caller says what time it is and what it sees.

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "filestore/result.h"

namespace filestore::http {

/// "10 s", "50 ms".
[[nodiscard]] std::string in_words(std::chrono::milliseconds time);

/// A value.
struct LimitSettings {
    /// From the request being sent whole to the head of the final answer.
    std::chrono::milliseconds first_byte;
    /// Fewer than `stall_bytes` in so long is a stall.
    std::chrono::milliseconds stall_window;
    std::uint64_t stall_bytes;
};

/// What can be seen of an exchange at one time. A value.
struct Observation {
    /// There is a connection, and the request may be sent over it.
    bool connected = false;
    /// To its last byte, which the other side has confirmed.
    bool request_sent = false;
    /// The system holds the last bytes of the request: nobody tells when they have been sent.
    bool request_held = false;
    /// Some of the final answer has come.
    bool answered = false;
    /// Bytes in both directions, heads and bodies; of those sent, what the other side has confirmed.
    std::uint64_t moved = 0;
};

/// Watches one exchange that is connected; connecting has a limit of its own. A value; one thread at a time.
class ProgressWatch {
public:
    using Time = std::chrono::steady_clock::time_point;

    ProgressWatch(const LimitSettings& settings, Time now) : settings_(settings), since_(now) {}

    /// Gives the exchange a full window again: it begins, or was paused, or waited for the caller until now.
    void restart(Time now) noexcept { since_ = now; }

    /// `timeout` where the exchange is over one of the limits.
    [[nodiscard]] Result<void> look(Time now, const Observation& seen);

    /// When look() may fail if nothing moves until then.
    [[nodiscard]] Time next_limit() const noexcept;

private:
    enum class Phase { connecting, sending, waiting, receiving };
    [[nodiscard]] static Phase phase_of(const Observation& seen) noexcept;
    void start_window(Time now, std::uint64_t moved) noexcept;

    LimitSettings settings_;
    Phase phase_ = Phase::connecting;
    /// Where the window of `phase_` began, and how much had moved by then.
    Time since_;
    std::uint64_t moved_before_ = 0;
    /// When to look again whether the request has been sent.
    std::optional<Time> look_again_;
};

}  // namespace filestore::http
