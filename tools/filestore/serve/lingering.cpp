#include "serve/lingering.h"

#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <new>
#include <utility>

#include "core/worker_thread.h"
#include "running_call.h"

namespace filestore::tool::serve {

namespace {

constexpr std::chrono::seconds longest{30};
constexpr std::chrono::seconds longest_pause{5};
constexpr std::chrono::milliseconds between_looks{1000};
/// One client does not keep the others waiting.
constexpr int reads_at_a_time = 16;

}  // namespace

/// False once nothing more can come.
bool LingeringSockets::drop_what_is_there(Socket& one) noexcept {
    std::array<char, 65'536> dropped;
    for (int i = 0; i < reads_at_a_time; ++i) {
        const ssize_t got = ::recv(one.descriptor.get(), dropped.data(), dropped.size(), MSG_DONTWAIT);
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

bool LingeringSockets::is_over(Socket& one, short events) noexcept {
    const auto now = Clock::now();
    return (events != 0 && !drop_what_is_there(one)) || now > one.ends || now - one.heard > longest_pause;
}

Result<std::unique_ptr<LingeringSockets>> LingeringSockets::start() {
    Descriptor wake(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    if (!wake.is_open()) {
        return errno_error(errno, "cannot serve connections");
    }
    try {
        std::unique_ptr<LingeringSockets> made(new LingeringSockets(std::move(wake)));
        // Neither thread needs memory later on.
        made->new_.reserve(most);
        made->sockets_.reserve(most_descriptors);
        made->polled_.reserve(most_descriptors + 1);
        made->thread_ = start_worker([self = made.get()] { self->run(); });
        return made;
    } catch (const std::bad_alloc&) {
        return Error(ErrorCode::no_memory, "cannot start the thread of the connections that linger");
    }
}

LingeringSockets::~LingeringSockets() {
    is_ending_ = true;
    announce(wake_.get());
    if (thread_.joinable()) {
        thread_.join();
    }
}

void LingeringSockets::take(Descriptor socket) noexcept {
    {
        const std::lock_guard lock(mutex_);
        if (!socket.is_open() || new_.size() == most) {
            return;
        }
        new_.push_back(std::move(socket));
        ++count_;
    }
    announce(wake_.get());
}

bool LingeringSockets::empty() const {
    return count_ == 0;
}

void LingeringSockets::run() noexcept {
    while (!is_ending_) {
        polled_.assign(1, {wake_.get(), POLLIN, 0});
        for (const Socket& one : sockets_) {
            polled_.push_back({one.descriptor.get(), POLLIN, 0});
        }
        ::poll(polled_.data(), polled_.size(),
               sockets_.empty() ? -1 : static_cast<int>(between_looks.count()));
        for (std::size_t i = sockets_.size(); i-- > 0;) {
            if (is_over(sockets_[i], polled_[i + 1].revents)) {
                sockets_.erase(sockets_.begin() + static_cast<std::ptrdiff_t>(i));
            }
        }
        std::uint64_t announced = 0;
        [[maybe_unused]] const ssize_t read = ::read(wake_.get(), &announced, sizeof announced);
        const std::lock_guard lock(mutex_);
        for (Descriptor& socket : new_) {
            sockets_.push_back({std::move(socket), Clock::now() + longest, Clock::now()});
        }
        new_.clear();
        if (sockets_.size() > most) {
            sockets_.erase(sockets_.begin(), sockets_.end() - static_cast<std::ptrdiff_t>(most));
        }
        count_ = sockets_.size();
    }
}

}  // namespace filestore::tool::serve
