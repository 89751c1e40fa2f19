#include "http/sockets.h"

#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <new>

namespace filestore::http {

namespace {

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
        sockets.push_back({descriptor});
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
    const auto found = std::find_if(sockets_.begin(), sockets_.end(),
                                    [&](Socket& each) { return is_between(each, peer, local); });
    if (found == sockets_.end()) {
        return {};
    }
    Connection taken{found->descriptor};
    if (found->was_used && is_readable(found->descriptor)) {
        ::shutdown(found->descriptor, SHUT_RDWR);
        taken.alive = false;
    }
    found->was_used = true;
    return taken;
}

/// Asks the system only until a request goes over it.
bool Sockets::is_between(Socket& socket, const SocketEnd& peer, const SocketEnd& local) noexcept {
    if (!socket.was_used && (!ask(socket.local, socket.descriptor, ::getsockname) ||
                             !ask(socket.peer, socket.descriptor, ::getpeername))) {
        return false;
    }
    return socket.local.is(local) && socket.peer.is(peer);
}

bool Sockets::ask(KnownEnd& end, int descriptor, int (*question)(int, sockaddr*, socklen_t*)) noexcept {
    sockaddr_storage found{};
    socklen_t size = sizeof found;
    if (question(descriptor, reinterpret_cast<sockaddr*>(&found), &size) != 0) {
        return false;
    }
    const void* address = nullptr;
    if (found.ss_family == AF_INET) {
        const auto& ipv4 = reinterpret_cast<const sockaddr_in&>(found);
        address = &ipv4.sin_addr;
        end.port = ntohs(ipv4.sin_port);
    } else if (found.ss_family == AF_INET6) {
        const auto& ipv6 = reinterpret_cast<const sockaddr_in6&>(found);
        address = &ipv6.sin6_addr;
        end.port = ntohs(ipv6.sin6_port);
    } else {
        return false;
    }
    return ::inet_ntop(found.ss_family, address, end.address.data(), INET6_ADDRSTRLEN) != nullptr;
}

}  // namespace filestore::http
