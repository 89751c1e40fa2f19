#include "http/sockets.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <new>

namespace filestore::http {

namespace {

using Ask = int (*)(int, sockaddr*, socklen_t*);

/// Whether getsockname() or getpeername() answers this end.
bool is_at(const SocketEnd& end, Ask ask, int descriptor) noexcept {
    sockaddr_storage found{};
    socklen_t size = sizeof found;
    if (ask(descriptor, reinterpret_cast<sockaddr*>(&found), &size) != 0) {
        return false;
    }
    const void* address = nullptr;
    int port = 0;
    if (found.ss_family == AF_INET) {
        const auto& ipv4 = reinterpret_cast<const sockaddr_in&>(found);
        address = &ipv4.sin_addr;
        port = ntohs(ipv4.sin_port);
    } else if (found.ss_family == AF_INET6) {
        const auto& ipv6 = reinterpret_cast<const sockaddr_in6&>(found);
        address = &ipv6.sin6_addr;
        port = ntohs(ipv6.sin6_port);
    } else {
        return false;
    }
    std::array<char, INET6_ADDRSTRLEN> text{};
    return port == end.port && ::inet_ntop(found.ss_family, address, text.data(), text.size()) != nullptr &&
           end.address == text.data();
}

bool is_readable(int descriptor) noexcept {
    pollfd polled{descriptor, POLLIN, 0};
    return ::poll(&polled, 1, 0) > 0;
}

}  // namespace

void Sockets::set_up(CURL* handle) {
    curl_easy_setopt(handle, CURLOPT_OPENSOCKETFUNCTION, &Sockets::open);
    curl_easy_setopt(handle, CURLOPT_OPENSOCKETDATA, this);
    curl_easy_setopt(handle, CURLOPT_CLOSESOCKETFUNCTION, &Sockets::close);
    curl_easy_setopt(handle, CURLOPT_CLOSESOCKETDATA, this);
    curl_easy_setopt(handle, CURLOPT_SOCKOPTFUNCTION, &Sockets::set_options);
}

/// As libcurl would, but that no child process inherits it.
curl_socket_t Sockets::open(void* self, curlsocktype, curl_sockaddr* address) noexcept {
    auto& sockets = static_cast<Sockets*>(self)->sockets_;
    const curl_socket_t descriptor =
        ::socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
    if (descriptor == CURL_SOCKET_BAD) {
        return CURL_SOCKET_BAD;
    }
    try {
        sockets.push_back({descriptor, false});
    } catch (const std::bad_alloc&) {
        ::close(descriptor);
        return CURL_SOCKET_BAD;
    }
    return descriptor;
}

int Sockets::close(void* self, curl_socket_t descriptor) noexcept {
    std::erase_if(static_cast<Sockets*>(self)->sockets_,
                  [descriptor](const Socket& each) { return each.descriptor == descriptor; });
    return ::close(descriptor);
}

/// Every close is a reset: some servers take an orderly close in the middle of a body for its end, and keep what they have got of it. Of a connection
/// that is closed at rest nothing is lost by it.
int Sockets::set_options(void*, curl_socket_t descriptor, curlsocktype) noexcept {
    const ::linger at_once{1, 0};
    ::setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    return CURL_SOCKOPT_OK;
}

/// What can be read from a kept connection before anything was asked is no answer: it is its end, or bytes that would be taken for
/// the answer to the next request. Shut down, it fails at the first byte sent, and libcurl turns to another connection.
Sockets::Connection Sockets::take(const SocketEnd& peer, const SocketEnd& local) noexcept {
    Connection taken;
    for (Socket& each : sockets_) {
        if (!is_at(local, ::getsockname, each.descriptor) || !is_at(peer, ::getpeername, each.descriptor)) {
            continue;
        }
        if (each.was_used && is_readable(each.descriptor)) {
            ::shutdown(each.descriptor, SHUT_RDWR);
            taken.alive = false;
        }
        each.was_used = true;
        taken.descriptor = each.descriptor;
    }
    return taken;
}

}  // namespace filestore::http
