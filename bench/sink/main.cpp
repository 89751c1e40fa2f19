/// A light server in the shape of S3, so that a client is what is measured: one thread, checks no signature, drops bodies, serves from memory.
///
///     filestore_bench_sink [CERTIFICATE KEY]
///
/// Listens on a free loopback port, which it prints; over TLS where it is given a certificate. `GET /-/counts` answers what was asked of it since the last time.

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <array>
#include <csignal>
#include <cstdio>
#include <optional>
#include <unordered_map>

#include "sink/connection.h"

namespace {

using namespace sink;

Descriptor listen_on_loopback() {
    Descriptor socket(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    auto* const generic = reinterpret_cast<sockaddr*>(&address);
    socklen_t size = sizeof address;
    if (::bind(socket.get(), generic, size) != 0 || ::listen(socket.get(), SOMAXCONN) != 0 ||
        ::getsockname(socket.get(), generic, &size) != 0) {
        give_up("cannot listen");
    }
    std::printf("%d\n", static_cast<int>(ntohs(address.sin_port)));
    std::fflush(stdout);
    return socket;
}

class Server {
public:
    explicit Server(std::optional<TlsIdentity> identity)
        : identity_(std::move(identity)),
          events_(::epoll_create1(EPOLL_CLOEXEC)),
          listener_(listen_on_loopback()) {
        watch(EPOLL_CTL_ADD, listener_.get(), EPOLLIN);
    }

    [[noreturn]] void run() {
        std::array<epoll_event, 128> events{};
        while (true) {
            const int ready = ::epoll_wait(events_.get(), events.data(), static_cast<int>(events.size()), -1);
            for (int at = 0; at < ready; ++at) {
                handle(events[static_cast<std::size_t>(at)].data.fd);
            }
        }
    }

private:
    struct Watched {
        Connection connection;
        Connection::Wants watched_for = Connection::Wants::reading;
    };

    void watch(int change, int descriptor, std::uint32_t what) {
        epoll_event event{};
        event.events = what;
        event.data.fd = descriptor;
        if (::epoll_ctl(events_.get(), change, descriptor, &event) != 0) {
            give_up("epoll_ctl");
        }
    }

    void handle(int descriptor) {
        if (descriptor == listener_.get()) {
            accept_all();
            return;
        }
        Watched& watched = connections_.at(descriptor);
        const Connection::Wants wants = watched.connection.advance();
        if (wants == Connection::Wants::nothing) {
            connections_.erase(descriptor);
        } else if (wants != watched.watched_for) {
            watched.watched_for = wants;
            watch(EPOLL_CTL_MOD, descriptor, wants == Connection::Wants::reading ? EPOLLIN : EPOLLOUT);
        }
    }

    void accept_all() {
        while (true) {
            Descriptor socket(::accept4(listener_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
            if (!socket.is_open()) {
                return;
            }
            const int descriptor = socket.get();
            const int on = 1;
            ::setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
            auto channel = identity_ ? tls_channel(descriptor, *identity_) : plain_channel(descriptor);
            connections_.try_emplace(descriptor,
                                     Watched{Connection(std::move(socket), std::move(channel), service_)});
            ++service_.connections;
            watch(EPOLL_CTL_ADD, descriptor, EPOLLIN);
        }
    }

    std::optional<TlsIdentity> identity_;
    Descriptor events_;
    Descriptor listener_;
    Service service_;
    std::unordered_map<int, Watched> connections_;
};

}  // namespace

int main(int count, char** words) {
    std::signal(SIGPIPE, SIG_IGN);
    std::optional<TlsIdentity> identity;
    if (count == 3) {
        identity.emplace(words[1], words[2]);
    }
    Server(std::move(identity)).run();
}
