#pragma once

/// The end of connections whose clients were answered while they still sent.

#include <poll.h>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "core/descriptor.h"
#include "filestore/result.h"

namespace filestore::tool::serve {

/// Reads what still comes on such sockets, and drops it, until the client ends its side: a socket that is closed with bytes unread takes the answer away from a client that sends everything before it reads. Not for ever: a
/// client that sends for longer than half a minute, or nothing for five seconds, is left. A resource with a thread of its own; thread-safe.
class LingeringSockets {
public:
    /// As many at a time; beyond that the oldest is left.
    static constexpr std::size_t most = 256;
    /// Of them: as many again may have come that the thread has not looked at.
    static constexpr std::size_t most_descriptors = 2 * most;

    /// `no_memory`, also where the system gives no thread; the errno of eventfd().
    [[nodiscard]] static Result<std::unique_ptr<LingeringSockets>> start();
    /// Leaves them all.
    ~LingeringSockets();
    LingeringSockets(const LingeringSockets&) = delete;
    LingeringSockets& operator=(const LingeringSockets&) = delete;

    /// A socket on which all was sent that is to be sent. Closed at once where it is not open, or too many come at a time.
    void take(Descriptor socket) noexcept;
    [[nodiscard]] bool empty() const;

private:
    using Clock = std::chrono::steady_clock;

    struct Socket {
        Descriptor descriptor;
        Clock::time_point ends;
        Clock::time_point heard;
    };

    explicit LingeringSockets(Descriptor wake) noexcept : wake_(std::move(wake)) {}
    void run() noexcept;
    [[nodiscard]] static bool drop_what_is_there(Socket& one) noexcept;
    [[nodiscard]] static bool is_over(Socket& one, short events) noexcept;

    const Descriptor wake_;
    std::atomic<bool> is_ending_ = false;
    std::atomic<std::size_t> count_ = 0;
    mutable std::mutex mutex_;
    std::vector<Descriptor> new_;
    /// Of the thread.
    std::vector<Socket> sockets_;
    std::vector<pollfd> polled_;
    std::thread thread_;
};

}  // namespace filestore::tool::serve
