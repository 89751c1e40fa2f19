#include "core/file_size_signal.h"

#include <cerrno>
#include <csignal>
#include <ctime>

namespace filestore {

namespace {

thread_local int depth = 0;
/// By the caller, or because the thread is the library's.
thread_local bool was_blocked = false;

sigset_t file_size_signal() noexcept {
    sigset_t signal;
    sigemptyset(&signal);
    sigaddset(&signal, SIGXFSZ);
    return signal;
}

}  // namespace

FileSizeSignalBlock::FileSizeSignalBlock() noexcept {
    if (depth++ > 0) {
        return;
    }
    const sigset_t signal = file_size_signal();
    sigset_t before;
    pthread_sigmask(SIG_BLOCK, &signal, &before);
    was_blocked = sigismember(&before, SIGXFSZ) == 1;
}

FileSizeSignalBlock::~FileSizeSignalBlock() {
    if (--depth > 0 || was_blocked) {
        return;
    }
    const sigset_t signal = file_size_signal();
    pthread_sigmask(SIG_UNBLOCK, &signal, nullptr);
}

int FileSizeSignalBlock::failed_with(int number) const noexcept {
    if (number == EFBIG && !was_blocked) {
        const sigset_t signal = file_size_signal();
        const timespec at_once{};
        sigtimedwait(&signal, nullptr, &at_once);
    }
    return number;
}

}  // namespace filestore
