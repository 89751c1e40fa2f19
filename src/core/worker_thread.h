#pragma once

/// Threads of the library: the pool's, the reactor's, the event loops' and those of name lookups.

#include <csignal>
#include <new>
#include <system_error>
#include <thread>
#include <utility>

namespace filestore {

/// Starts a thread with all signals blocked, from its first instruction on: a signal meant for the program never runs its
/// handler there, and SIGPIPE from a closed connection has no effect. Throws std::bad_alloc where the system gives no thread.
template <class Body>
[[nodiscard]] std::thread start_worker(Body body) {
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    struct Restore {
        const sigset_t& mask;
        ~Restore() { pthread_sigmask(SIG_SETMASK, &mask, nullptr); }
    } restore{before};
    try {
        return std::thread(std::move(body));
    } catch (const std::system_error&) {
        throw std::bad_alloc();
    }
}

/// Joins `thread`, unless it is the current thread, which is detached: an object may be destroyed by work that runs on its
/// own thread.
inline void join_or_detach(std::thread& thread) {
    if (!thread.joinable()) {
        return;
    }
    if (thread.get_id() == std::this_thread::get_id()) {
        thread.detach();
    } else {
        thread.join();
    }
}

}  // namespace filestore
