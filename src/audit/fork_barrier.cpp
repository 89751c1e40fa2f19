#include "audit/fork_barrier.h"

#include <pthread.h>

#include <ctime>
#include <mutex>

namespace filestore {
namespace {

/// Shared by those that hold up fork(), who come after one that waits.
constexpr pthread_rwlock_t open_barrier = PTHREAD_RWLOCK_WRITER_NONRECURSIVE_INITIALIZER_NP;
pthread_rwlock_t barrier = open_barrier;
bool is_held_for_fork = false;

/// A thread may wait longer for a catalogue that another process keeps locked, and fork() may be called below it.
void hold() noexcept {
    timespec end{};
    clock_gettime(CLOCK_REALTIME, &end);
    ++end.tv_sec;
    is_held_for_fork = pthread_rwlock_timedwrlock(&barrier, &end) == 0;
}

void release() noexcept {
    if (is_held_for_fork) {
        pthread_rwlock_unlock(&barrier);
    }
}

/// Who holds it is known by its number as a thread, which the child has not got.
void make_anew() noexcept {
    barrier = open_barrier;
}

/// Without the memory for it, fork() is not held up.
void register_once() noexcept {
    static std::once_flag once;
    std::call_once(once, [] { pthread_atfork(hold, release, make_anew); });
}

}  // namespace

ForkBarrier::ForkBarrier() noexcept {
    register_once();
    pthread_rwlock_rdlock(&barrier);
}

ForkBarrier::~ForkBarrier() {
    pthread_rwlock_unlock(&barrier);
}

}  // namespace filestore
