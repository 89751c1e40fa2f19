#include "audit/fork_barrier.h"

#include <pthread.h>

#include <chrono>
#include <mutex>
#include <thread>

namespace filestore {
namespace {

/// Held over fork(). What follows is read and changed under it.
std::mutex barrier;
unsigned inside = 0;
bool is_forking = false;

/// Both are rare, and a condition variable would not outlive fork().
void wait_a_moment(std::unique_lock<std::mutex>& lock) {
    constexpr auto moment = std::chrono::microseconds(100);
    lock.unlock();
    std::this_thread::sleep_for(moment);
    lock.lock();
}

/// A thread may wait longer for a catalogue that another process keeps locked, and fork() may be called below it.
void hold() {
    constexpr auto longest = std::chrono::seconds(1);
    const auto give_up = std::chrono::steady_clock::now() + longest;
    std::unique_lock lock(barrier);
    is_forking = true;
    while (inside > 0 && std::chrono::steady_clock::now() < give_up) {
        wait_a_moment(lock);
    }
    lock.release();
}

void release() {
    is_forking = false;
    barrier.unlock();
}

/// The threads that were inside are not there any more.
void release_in_child() {
    inside = 0;
    release();
}

/// Without the memory for it, fork() is not held up.
void register_once() {
    static std::once_flag once;
    std::call_once(once, [] { pthread_atfork(hold, release, release_in_child); });
}

}  // namespace

ForkBarrier::ForkBarrier() noexcept {
    register_once();
    std::unique_lock lock(barrier);
    while (is_forking) {
        wait_a_moment(lock);
    }
    ++inside;
}

ForkBarrier::~ForkBarrier() {
    const std::lock_guard lock(barrier);
    // None is, in a child that was made below it.
    inside -= inside > 0 ? 1 : 0;
}

}  // namespace filestore
