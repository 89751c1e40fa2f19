#pragma once

/// The thread of the connections.

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "core/descriptor.h"
#include "filestore/result.h"

struct MHD_Daemon;

namespace filestore::tool::serve {

/// Runs a daemon of libmicrohttpd, one without threads, on a thread of its own. A thread of the daemon's would race with MHD_quiesce_daemon() for the socket that listens: now and then it finds it gone from its epoll set, and ends the process
/// (0.9.75: "Failed to remove listen FD from epoll set"). Here the thread itself stops listening, between two looks at the connections. A resource; thread-safe, but for start() and stop().
class ConnectionLoop {
public:
    ConnectionLoop() noexcept = default;
    ~ConnectionLoop() { stop(); }
    ConnectionLoop(const ConnectionLoop&) = delete;
    ConnectionLoop& operator=(const ConnectionLoop&) = delete;

    /// What the daemon's callbacks may need before start(). The errno of eventfd() as `io` and so on.
    [[nodiscard]] Result<void> prepare();

    /// Takes the daemon, whose socket it stops listening at and which it stops, and which has at most so many connections. `no_memory` where the system gives no thread; the daemon is stopped then.
    [[nodiscard]] Result<void> start(MHD_Daemon* daemon, unsigned most_connections);

    /// After MHD_resume_connection(), which alone is overlooked where it comes while the daemon looks at its connections.
    void wake() noexcept;

    /// No new connections. Waits until the thread has closed the socket that listens.
    void stop_listening();

    /// Ends the thread, then the daemon with all its connections.
    void stop() noexcept;

private:
    void run();
    void wait_for_something() noexcept;
    void close_listener_where_asked();
    void run_daemon() noexcept;
    [[nodiscard]] unsigned connections() const noexcept;

    Descriptor wake_;
    std::atomic<bool> is_awake_ = false;
    std::atomic<bool> is_ended_ = false;
    MHD_Daemon* daemon_ = nullptr;
    unsigned most_connections_ = 0;
    std::thread thread_;

    enum class Listening { yes, to_be_stopped, no };
    std::mutex mutex_;
    std::condition_variable stopped_listening_;
    Listening listening_ = Listening::yes;
};

}  // namespace filestore::tool::serve
