#include "serve/lingering.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <memory>
#include <utility>

#include "core/worker_thread.h"
#include "running_call.h"

namespace filestore::tool::serve {

namespace {

using Clock = std::chrono::steady_clock;
constexpr std::chrono::seconds longest{30};
constexpr std::chrono::seconds longest_pause{5};
constexpr std::chrono::milliseconds between_looks{1000};
/// One client does not keep the others waiting.
constexpr int reads_at_a_time = 16;

struct Lingering {
    Descriptor socket;
    Clock::time_point ends = Clock::now() + longest;
    Clock::time_point heard = Clock::now();
};

/// False once nothing more can come.
bool drop_what_is_there(Lingering& one) {
    std::array<char, 65'536> dropped;
    for (int i = 0; i < reads_at_a_time; ++i) {
        const ssize_t got = ::recv(one.socket.get(), dropped.data(), dropped.size(), MSG_DONTWAIT);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got <= 0) {
            return got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
        }
        one.heard = Clock::now();
    }
    return true;
}

bool is_over(Lingering& one, short events) {
    const auto now = Clock::now();
    return (events != 0 && !drop_what_is_there(one)) || now > one.ends || now - one.heard > longest_pause;
}

}  // namespace

Result<std::unique_ptr<LingeringSockets>> LingeringSockets::start() {
    Descriptor wake(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    if (!wake.is_open()) {
        return errno_error(errno, "cannot serve connections");
    }
    std::unique_ptr<LingeringSockets> made(new LingeringSockets(std::move(wake)));
    made->thread_ = start_worker([self = made.get()] { self->run(); });
    return made;
}

LingeringSockets::~LingeringSockets() {
    is_ending_ = true;
    announce(wake_.get());
    if (thread_.joinable()) {
        thread_.join();
    }
}

void LingeringSockets::take(Descriptor socket) {
    {
        const std::lock_guard lock(mutex_);
        new_.push_back(std::move(socket));
        ++count_;
    }
    announce(wake_.get());
}

bool LingeringSockets::empty() const {
    return count_ == 0;
}

void LingeringSockets::run() {
    std::vector<Lingering> sockets;
    std::vector<pollfd> polled;
    while (!is_ending_) {
        polled.assign(1, {wake_.get(), POLLIN, 0});
        for (const Lingering& one : sockets) {
            polled.push_back({one.socket.get(), POLLIN, 0});
        }
        ::poll(polled.data(), polled.size(), sockets.empty() ? -1 : static_cast<int>(between_looks.count()));
        for (std::size_t i = sockets.size(); i-- > 0;) {
            if (is_over(sockets[i], polled[i + 1].revents)) {
                sockets.erase(sockets.begin() + static_cast<std::ptrdiff_t>(i));
            }
        }
        std::uint64_t announced = 0;
        [[maybe_unused]] const ssize_t read = ::read(wake_.get(), &announced, sizeof announced);
        const std::lock_guard lock(mutex_);
        for (Descriptor& socket : std::exchange(new_, {})) {
            sockets.push_back({std::move(socket)});
        }
        if (sockets.size() > most) {
            sockets.erase(sockets.begin(), sockets.end() - static_cast<std::ptrdiff_t>(most));
        }
        count_ = sockets.size();
    }
}

}  // namespace filestore::tool::serve
