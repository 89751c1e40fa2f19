#include "http/sockets.h"

#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <new>

namespace filestore::http {

namespace {

using Ask = int (*)(int, sockaddr*, socklen_t*);

/// The port of getsockname() or getpeername(); -1 where there is none.
int port_of(Ask ask, int descriptor) noexcept {
    sockaddr_storage address{};
    socklen_t size = sizeof address;
    if (ask(descriptor, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
        return -1;
    }
    switch (address.ss_family) {
        case AF_INET:
            return ntohs(reinterpret_cast<const sockaddr_in&>(address).sin_port);
        case AF_INET6:
            return ntohs(reinterpret_cast<const sockaddr_in6&>(address).sin6_port);
        default:
            return -1;
    }
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
bool Sockets::is_alive(int port, int local_port) noexcept {
    bool alive = true;
    for (Socket& each : sockets_) {
        if (port_of(::getsockname, each.descriptor) != local_port ||
            port_of(::getpeername, each.descriptor) != port) {
            continue;
        }
        if (each.was_used && is_readable(each.descriptor)) {
            ::shutdown(each.descriptor, SHUT_RDWR);
            alive = false;
        }
        each.was_used = true;
    }
    return alive;
}

}  // namespace filestore::http
