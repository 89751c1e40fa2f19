#pragma once

/// What is known of the socket of a client beside what libmicrohttpd does with it.

#include <atomic>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "serve/http_limits.h"

namespace filestore::tool::serve {

/// One socket, which it does not own. A resource: it is told on the thread of the connections how far a request is, and looked after on the main thread.
class Connection {
public:
    explicit Connection(int descriptor) noexcept : descriptor_(descriptor) {}

    [[nodiscard]] int descriptor() const noexcept { return descriptor_; }

    /// The target of the request that comes, in the memory of libmicrohttpd, as it was sent. Its query is hidden there: libmicrohttpd, which takes memory of the connection for each parameter, never answers where there are too many.
    void begin_head(char* target) noexcept;
    /// Its place; what stands there is not what was sent.
    [[nodiscard]] std::string_view target() const noexcept { return target_; }
    /// Without its query.
    [[nodiscard]] std::string_view target_path() const noexcept {
        return target_.substr(0, target_.size() - query_.size());
    }
    /// As it was sent.
    [[nodiscard]] std::string query() const;

    /// Whether bytes have come that were not received.
    [[nodiscard]] bool has_more() const noexcept;

    void begin_body() noexcept { state_ = State::body; }
    /// All is there but the answer. `may_give_up`: nothing is lost where a client that closes its end before is taken to be gone.
    void begin_wait(bool may_give_up) noexcept { state_ = may_give_up ? State::wait_to_read : State::wait; }
    void begin_answer() noexcept { state_ = State::answer; }
    void end_answer() noexcept {
        waits_since_ = Clock::now();
        state_ = State::head;
    }

    /// To be closed only when the client has read its answer: it still sends.
    void let_linger() noexcept { lingers_ = true; }
    [[nodiscard]] bool lingers() const noexcept { return lingers_; }

    /// While a request waits for its answer: nobody is there any more to read it.
    [[nodiscard]] bool was_left_waiting() const noexcept;

    /// For the main thread: since the last look a body waited for the store, so that nobody can say how quick the client is.
    void excuse() noexcept { is_excused_ = true; }
    /// Shuts the socket of a client that has gone or is slower than the limits allow. libmicrohttpd asks the system to be told of changes only: where a client's last bytes and its end come together, it
    /// reads the bytes and never hears of the end. What it does hear of is a socket that was shut down.
    void look_after(const HttpLimits& limits) noexcept;

private:
    using Clock = std::chrono::steady_clock;
    enum class State { head, body, wait, wait_to_read, answer };

    [[nodiscard]] bool is_over() const noexcept;
    [[nodiscard]] bool was_reset() const noexcept;
    [[nodiscard]] bool is_slow(State state, const HttpLimits& limits) noexcept;

    const int descriptor_;
    std::string_view target_;
    /// Its end, from the question mark on; empty where there is none.
    std::string_view query_;
    char first_of_query_ = '\0';
    std::atomic<State> state_ = State::head;
    std::atomic<Clock::time_point> waits_since_ = Clock::now();
    std::atomic<bool> lingers_ = false;
    /// Of the main thread.
    bool is_excused_ = false;
    /// Since when, and from which count of bytes on, the body is measured.
    State measured_ = State::head;
    Clock::time_point measured_since_{};
    std::uint64_t moved_before_ = 0;
};

}  // namespace filestore::tool::serve
