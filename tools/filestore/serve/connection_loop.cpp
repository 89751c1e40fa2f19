#include "serve/connection_loop.h"

#include <microhttpd.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <limits>
#include <new>
#include <utility>

#include "core/worker_thread.h"
#include "running_call.h"

namespace filestore::tool::serve {

Result<void> ConnectionLoop::prepare() {
    wake_ = Descriptor(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    if (!wake_.is_open()) {
        return errno_error(errno, "cannot wait for connections");
    }
    return {};
}

Result<void> ConnectionLoop::start(MHD_Daemon* daemon, unsigned most_connections) {
    daemon_ = daemon;
    most_connections_ = most_connections;
    try {
        thread_ = start_worker([this] { run(); });
    } catch (const std::bad_alloc&) {
        stop();
        return Error(ErrorCode::no_memory, "cannot start the thread of the connections");
    }
    return {};
}

void ConnectionLoop::wake() noexcept {
    if (!is_awake_.exchange(true)) {
        announce(wake_.get());
    }
}

void ConnectionLoop::stop_listening() {
    std::unique_lock lock(mutex_);
    if (listening_ == Listening::yes) {
        listening_ = Listening::to_be_stopped;
        wake();
    }
    stopped_listening_.wait(lock, [this] { return listening_ == Listening::no; });
}

void ConnectionLoop::stop() noexcept {
    if (daemon_ == nullptr) {
        return;
    }
    is_ended_ = true;
    wake();
    if (thread_.joinable()) {
        thread_.join();
    }
    MHD_stop_daemon(std::exchange(daemon_, nullptr));
}

void ConnectionLoop::run() {
    while (!is_ended_) {
        wait_for_something();
        close_listener_where_asked();
        run_daemon();
    }
}

/// A daemon that has all the connections it may have does not wait for others, and begins to again only when it is run the next time: for which nothing else may come.
void ConnectionLoop::run_daemon() noexcept {
    const bool was_full = connections() >= most_connections_;
    MHD_run(daemon_);
    if (was_full && connections() < most_connections_) {
        MHD_run(daemon_);
    }
}

unsigned ConnectionLoop::connections() const noexcept {
    return MHD_get_daemon_info(daemon_, MHD_DAEMON_INFO_CURRENT_CONNECTIONS)->num_connections;
}

void ConnectionLoop::wait_for_something() noexcept {
    MHD_UNSIGNED_LONG_LONG longest = 0;
    const bool is_limited = MHD_get_timeout(daemon_, &longest) == MHD_YES;
    if (!is_limited || longest > 0) {
        constexpr MHD_UNSIGNED_LONG_LONG most = std::numeric_limits<int>::max();
        const auto* const told = MHD_get_daemon_info(daemon_, MHD_DAEMON_INFO_EPOLL_FD);
        std::array<pollfd, 2> polled{{{told->epoll_fd, POLLIN, 0}, {wake_.get(), POLLIN, 0}}};
        ::poll(polled.data(), polled.size(), is_limited ? static_cast<int>(std::min(longest, most)) : -1);
    }
    std::uint64_t count = 0;
    if (is_awake_ && ::read(wake_.get(), &count, sizeof count) > 0) {
        is_awake_ = false;
    }
}

void ConnectionLoop::close_listener_where_asked() {
    const std::lock_guard lock(mutex_);
    if (listening_ == Listening::to_be_stopped) {
        const Descriptor closed_here(MHD_quiesce_daemon(daemon_));
        listening_ = Listening::no;
        stopped_listening_.notify_all();
    }
}

}  // namespace filestore::tool::serve
