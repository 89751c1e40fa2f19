#include "wire/tls_front.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <mutex>
#include <stdexcept>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "core/descriptor.h"

namespace filestore::test {

namespace {

sockaddr_in loopback(std::uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
}

void block_sigpipe() {
    sigset_t pipe;
    sigemptyset(&pipe);
    sigaddset(&pipe, SIGPIPE);
    ::pthread_sigmask(SIG_BLOCK, &pipe, nullptr);
}

using Session = std::unique_ptr<SSL, decltype(&SSL_free)>;

/// One connection of each side.
class Relay {
public:
    Relay(int stop, const Descriptor& client, const Descriptor& server, SSL* session)
        : stop_(stop), client_(client.get()), server_(server.get()), session_(session) {}

    void run() {
        if (SSL_accept(session_) != 1) {
            return;
        }
        while (SSL_pending(session_) > 0 ? to_server() : wait_and_move()) {
        }
    }

private:
    bool wait_and_move() {
        pollfd polled[] = {{client_, POLLIN, 0}, {server_, POLLIN, 0}, {stop_, POLLIN, 0}};
        ::poll(polled, 3, -1);
        if (polled[2].revents != 0) {
            return false;
        }
        return (polled[0].revents == 0 || to_server()) && (polled[1].revents == 0 || to_client());
    }

    bool to_server() {
        const int got = SSL_read(session_, room_.data(), static_cast<int>(room_.size()));
        return got > 0 && send_all({room_.data(), static_cast<std::size_t>(got)});
    }

    bool to_client() {
        const ssize_t got = ::recv(server_, room_.data(), room_.size(), 0);
        if (got < 0) {
            const linger at_once{1, 0};
            ::setsockopt(client_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
            return false;
        }
        return got > 0 && SSL_write(session_, room_.data(), static_cast<int>(got)) > 0;
    }

    bool send_all(std::string_view bytes) const {
        while (!bytes.empty()) {
            const ssize_t sent = ::send(server_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
            if (sent < 0) {
                const linger at_once{1, 0};
                ::setsockopt(client_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
                return false;
            }
            bytes.remove_prefix(static_cast<std::size_t>(sent));
        }
        return true;
    }

    int stop_;
    int client_;
    int server_;
    SSL* session_;
    std::array<char, 16384> room_{};
};

}  // namespace

struct TlsFront::State {
    std::uint16_t server_port = 0;
    std::uint16_t port = 0;
    Identity identity;
    std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context{SSL_CTX_new(TLS_server_method()),
                                                              &SSL_CTX_free};
    Descriptor listener{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    /// Readable once the front ends.
    Descriptor stop{::eventfd(0, EFD_CLOEXEC)};
    std::thread acceptor;
    std::vector<std::thread> relays;
    std::mutex mutex;
    /// Those of running relays, to be shut down at the end.
    std::vector<int> sockets;

    void listen() {
        sockaddr_in address = loopback(0);
        socklen_t size = sizeof address;
        auto* const generic = reinterpret_cast<sockaddr*>(&address);
        if (::bind(listener.get(), generic, size) != 0 || ::listen(listener.get(), 64) != 0 ||
            ::getsockname(listener.get(), generic, &size) != 0) {
            throw std::runtime_error("cannot listen on the loopback interface");
        }
        port = ntohs(address.sin_port);
    }

    void accept() {
        block_sigpipe();
        while (true) {
            pollfd polled[] = {{listener.get(), POLLIN, 0}, {stop.get(), POLLIN, 0}};
            ::poll(polled, 2, -1);
            if (polled[1].revents != 0) {
                return;
            }
            Descriptor client(::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
            if (client.is_open()) {
                relays.emplace_back([this, own = std::move(client)]() mutable { serve(std::move(own)); });
            }
        }
    }

    void serve(Descriptor client) {
        const Descriptor server(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
        const sockaddr_in address = loopback(server_port);
        if (::connect(server.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
            return;
        }
        const Session session(SSL_new(context.get()), &SSL_free);
        SSL_set_fd(session.get(), client.get());
        remember({client.get(), server.get()});
        Relay(stop.get(), client, server, session.get()).run();
        forget({client.get(), server.get()});
    }

    void remember(std::initializer_list<int> both) {
        const std::lock_guard lock(mutex);
        sockets.insert(sockets.end(), both);
    }

    void forget(std::initializer_list<int> both) {
        const std::lock_guard lock(mutex);
        for (const int socket : both) {
            std::erase(sockets, socket);
        }
    }

    void end() {
        const std::uint64_t one = 1;
        [[maybe_unused]] const ssize_t written = ::write(stop.get(), &one, sizeof one);
        acceptor.join();
        {
            const std::lock_guard lock(mutex);
            for (const int socket : sockets) {
                ::shutdown(socket, SHUT_RDWR);
            }
        }
        for (std::thread& relay : relays) {
            relay.join();
        }
    }
};

TlsFront::TlsFront(std::uint16_t server_port, Identity identity, int newest_version)
    : state_(std::make_unique<State>()) {
    state_->server_port = server_port;
    state_->identity = std::move(identity);
    SSL_CTX_use_certificate(state_->context.get(), state_->identity.certificate.get());
    SSL_CTX_use_PrivateKey(state_->context.get(), state_->identity.key.get());
    SSL_CTX_set_security_level(state_->context.get(), 0);
    SSL_CTX_set_max_proto_version(state_->context.get(), newest_version);
    state_->listen();
    state_->acceptor = std::thread([state = state_.get()] { state->accept(); });
}

TlsFront::~TlsFront() {
    state_->end();
}

std::string TlsFront::endpoint() const {
    return "https://127.0.0.1:" + std::to_string(state_->port);
}

}  // namespace filestore::test
