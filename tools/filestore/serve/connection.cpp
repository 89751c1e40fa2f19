#include "serve/connection.h"

#include <linux/tcp.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstddef>
#include <utility>

namespace filestore::tool::serve {

namespace {

/// Bytes that the client has sent and that it has received, also of what the kernel sends by itself; nothing where the kernel does not tell.
std::optional<std::uint64_t> moved_bytes(int descriptor) noexcept {
    tcp_info info{};
    socklen_t size = sizeof info;
    constexpr std::size_t needed = offsetof(tcp_info, tcpi_bytes_received) + sizeof info.tcpi_bytes_received;
    if (::getsockopt(descriptor, IPPROTO_TCP, TCP_INFO, &info, &size) != 0 || size < needed) {
        return std::nullopt;
    }
    return info.tcpi_bytes_acked + info.tcpi_bytes_received;
}

}  // namespace

void Connection::begin_head(char* target) noexcept {
    target_ = target;
    const std::size_t mark = std::min(target_.find('?'), target_.size());
    query_ = target_.substr(mark);
    if (query_.size() > 1) {
        first_of_query_ = std::exchange(target[mark + 1], '\0');
    }
}

std::string Connection::query() const {
    return query_.size() > 1 ? first_of_query_ + std::string(query_.substr(2)) : std::string();
}

bool Connection::is_over() const noexcept {
    char next = 0;
    return ::recv(descriptor_, &next, 1, MSG_PEEK | MSG_DONTWAIT) == 0;
}

bool Connection::was_reset() const noexcept {
    pollfd polled{descriptor_, 0, 0};
    return ::poll(&polled, 1, 0) > 0 && (polled.revents & (POLLERR | POLLHUP)) != 0;
}

bool Connection::has_more() const noexcept {
    int count = 0;
    return ::ioctl(descriptor_, FIONREAD, &count) == 0 && count > 0;
}

bool Connection::was_left_waiting() const noexcept {
    const State state = state_;
    return (state == State::wait || state == State::wait_to_read) &&
           (was_reset() || (state == State::wait_to_read && is_over()));
}

void Connection::look_after(const HttpLimits& limits) noexcept {
    const State state = state_;
    const bool is_late = state == State::head && Clock::now() - waits_since_.load() > limits.head;
    const bool has_gone = (state == State::head || state == State::body) && is_over();
    if (is_late || has_gone || is_slow(state, limits)) {
        ::shutdown(descriptor_, SHUT_RDWR);
    }
}

bool Connection::is_slow(State state, const HttpLimits& limits) noexcept {
    const bool is_new = state != measured_ || std::exchange(is_excused_, false);
    measured_ = state;
    const bool has_body = state == State::body || state == State::answer;
    if (!has_body || limits.least_body == 0) {
        return false;
    }
    const auto now = Clock::now();
    if (!is_new && now - measured_since_ < limits.body) {
        return false;
    }
    const auto moved = moved_bytes(descriptor_);
    const bool is_slow = !is_new && moved && *moved - moved_before_ < limits.least_body;
    measured_since_ = now;
    moved_before_ = moved.value_or(0);
    return is_slow;
}

}  // namespace filestore::tool::serve
