#include "core/broken_pipe_signal.h"

#include <cerrno>
#include <ctime>

namespace filestore {

BrokenPipeSignalBlock::BrokenPipeSignalBlock() noexcept {
    sigset_t pending;
    sigpending(&pending);
    was_pending_ = sigismember(&pending, SIGPIPE) == 1;
    sigemptyset(&sigpipe_);
    sigaddset(&sigpipe_, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &sigpipe_, &before_);
}

BrokenPipeSignalBlock::~BrokenPipeSignalBlock() {
    const int number = errno;
    if (!was_pending_) {
        const timespec at_once{};
        sigtimedwait(&sigpipe_, nullptr, &at_once);
    }
    pthread_sigmask(SIG_SETMASK, &before_, nullptr);
    errno = number;
}

}  // namespace filestore
