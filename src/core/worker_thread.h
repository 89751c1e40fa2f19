#pragma once

/// Threads of the library: the pool's, the reactor's, the event loops' and those of name lookups.

#include <functional>
#include <thread>

namespace filestore {

/// Starts a thread with all signals blocked, from its first instruction on: a signal meant for the program never runs its
/// handler there, and SIGPIPE from a closed connection has no effect. Throws std::bad_alloc where the system gives no thread.
[[nodiscard]] std::thread start_worker(std::function<void()> body);

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
