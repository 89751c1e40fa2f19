#include "core/file_size_signal.h"

#include <cerrno>
#include <csignal>
#include <ctime>

namespace filestore {

namespace {

thread_local int depth = 0;
/// By the caller, or because the thread is the library's.
thread_local bool was_blocked = false;

sigset_t only_sigxfsz() noexcept {
    sigset_t sigxfsz;
    sigemptyset(&sigxfsz);
    sigaddset(&sigxfsz, SIGXFSZ);
    return sigxfsz;
}

}  // namespace

FileSizeSignalBlock::FileSizeSignalBlock() noexcept {
    if (depth++ > 0) {
        return;
    }
    const sigset_t sigxfsz = only_sigxfsz();
    sigset_t before;
    pthread_sigmask(SIG_BLOCK, &sigxfsz, &before);
    was_blocked = sigismember(&before, SIGXFSZ) == 1;
}

FileSizeSignalBlock::~FileSizeSignalBlock() {
    if (--depth > 0 || was_blocked) {
        return;
    }
    const sigset_t sigxfsz = only_sigxfsz();
    pthread_sigmask(SIG_UNBLOCK, &sigxfsz, nullptr);
}

int FileSizeSignalBlock::failed_with(int number) const noexcept {
    if (number == EFBIG && !was_blocked) {
        const sigset_t sigxfsz = only_sigxfsz();
        const timespec at_once{};
        sigtimedwait(&sigxfsz, nullptr, &at_once);
    }
    return number;
}

}  // namespace filestore
