#include "signals.h"

#include <sys/signalfd.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "exit_code.h"

namespace filestore::tool {

namespace {

sigset_t signals_to_watch() {
    sigset_t watched;
    sigemptyset(&watched);
    for (const int number : {SIGINT, SIGTERM, SIGHUP}) {
        struct sigaction current {};
        if (sigaction(number, nullptr, &current) == 0 && current.sa_handler != SIG_IGN) {
            sigaddset(&watched, number);
        }
    }
    return watched;
}

}  // namespace

SignalWatch::SignalWatch(const sigset_t& signals, Descriptor descriptor) noexcept
    : signals_(signals), descriptor_(std::move(descriptor)) {}

Result<std::unique_ptr<SignalWatch>> SignalWatch::start() {
    std::signal(SIGPIPE, SIG_IGN);
    const sigset_t watched = signals_to_watch();
    if (const int failure = pthread_sigmask(SIG_BLOCK, &watched, nullptr); failure != 0) {
        return errno_error(failure, "cannot block signals");
    }
    Descriptor descriptor(::signalfd(-1, &watched, SFD_CLOEXEC | SFD_NONBLOCK));
    if (!descriptor.is_open()) {
        return errno_error(errno, "cannot wait for signals");
    }
    return std::unique_ptr<SignalWatch>(new SignalWatch(watched, std::move(descriptor)));
}

void SignalWatch::collect() {
    signalfd_siginfo info{};
    while (::read(descriptor_.get(), &info, sizeof info) == static_cast<ssize_t>(sizeof info)) {
        const int number = static_cast<int>(info.ssi_signo);
        if (caught_ != 0) {
            ::_exit(exit_status_of_signal(number));
        }
        caught_ = number;
        stop_.request_stop();
    }
}

int SignalWatch::take() noexcept {
    signalfd_siginfo info{};
    const ssize_t got = ::read(descriptor_.get(), &info, sizeof info);
    return got == static_cast<ssize_t>(sizeof info) ? static_cast<int>(info.ssi_signo) : 0;
}

SignalWatch::LetThrough::LetThrough(const SignalWatch& watch) noexcept : watch_(watch) {
    pthread_sigmask(SIG_UNBLOCK, &watch_.signals_, nullptr);
}

SignalWatch::LetThrough::~LetThrough() {
    pthread_sigmask(SIG_BLOCK, &watch_.signals_, nullptr);
}

}  // namespace filestore::tool
