#include "core/worker_thread.h"

#include <csignal>
#include <new>
#include <system_error>
#include <utility>

namespace filestore {

namespace {

bool is_sigpipe_pending() noexcept {
    sigset_t pending;
    return sigpending(&pending) == 0 && sigismember(&pending, SIGPIPE) == 1;
}

sigset_t sigpipe_alone() noexcept {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGPIPE);
    return set;
}

}  // namespace

SigpipeBlocked::SigpipeBlocked() noexcept : was_pending_(is_sigpipe_pending()) {
    const sigset_t blocked = sigpipe_alone();
    pthread_sigmask(SIG_BLOCK, &blocked, &before_);
}

SigpipeBlocked::~SigpipeBlocked() {
    if (!was_pending_ && is_sigpipe_pending()) {
        const sigset_t taken = sigpipe_alone();
        const timespec at_once{};
        sigtimedwait(&taken, nullptr, &at_once);
    }
    pthread_sigmask(SIG_SETMASK, &before_, nullptr);
}

std::thread start_worker(std::function<void()> body) {
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

}  // namespace filestore
