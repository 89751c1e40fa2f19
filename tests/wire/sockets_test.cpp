/// Which connection a request is about to go over.

#include "http/sockets.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <catch2/catch.hpp>
#include <cstdint>
#include <string>

#include "core/descriptor.h"
#include "support/eventually.h"

using namespace filestore;
using namespace filestore::test;

namespace {

/// Takes connections to one address of this machine. A resource; one thread at a time.
class Listener {
public:
    /// Where the port is 0, the system chooses one.
    Listener(const char* address, std::uint16_t port) {
        sockaddr_in place{};
        place.sin_family = AF_INET;
        place.sin_port = htons(port);
        REQUIRE(::inet_pton(AF_INET, address, &place.sin_addr) == 1);
        REQUIRE(::bind(socket_.get(), reinterpret_cast<const sockaddr*>(&place), sizeof place) == 0);
        REQUIRE(::listen(socket_.get(), 1) == 0);
    }

    [[nodiscard]] std::uint16_t port() const {
        sockaddr_in place{};
        socklen_t size = sizeof place;
        REQUIRE(::getsockname(socket_.get(), reinterpret_cast<sockaddr*>(&place), &size) == 0);
        return ntohs(place.sin_port);
    }

    [[nodiscard]] Descriptor accept() const {
        return Descriptor(::accept4(socket_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    }

private:
    Descriptor socket_{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
};

/// Opened by libcurl. A resource; one thread at a time.
class Connection {
public:
    Connection(http::Sockets& sockets, const std::string& address, int port, int local_port)
        : sockets_(sockets) {
        sockets.set_up(handle_);
        const std::string url = "http://" + address + ":" + std::to_string(port) + "/";
        curl_easy_setopt(handle_, CURLOPT_URL, url.c_str());
        curl_easy_setopt(handle_, CURLOPT_NOPROXY, "*");
        curl_easy_setopt(handle_, CURLOPT_INTERFACE, ("host!" + address).c_str());
        curl_easy_setopt(handle_, CURLOPT_LOCALPORT, static_cast<long>(local_port));
        curl_easy_setopt(handle_, CURLOPT_CONNECT_ONLY, 1L);
        REQUIRE(curl_easy_perform(handle_) == CURLE_OK);
        REQUIRE(curl_easy_getinfo(handle_, CURLINFO_ACTIVESOCKET, &descriptor_) == CURLE_OK);
    }
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;
    ~Connection() { curl_easy_cleanup(handle_); }

    [[nodiscard]] int local_port() const { return port_of(CURLINFO_LOCAL_PORT); }

    [[nodiscard]] bool is_alive() const {
        return sockets_
            .take({address_of(CURLINFO_PRIMARY_IP), port_of(CURLINFO_PRIMARY_PORT)},
                  {address_of(CURLINFO_LOCAL_IP), local_port()})
            .alive;
    }

    [[nodiscard]] bool is_readable() const {
        pollfd polled{descriptor_, POLLIN, 0};
        return ::poll(&polled, 1, 0) == 1;
    }

    [[nodiscard]] bool can_send() const { return ::send(descriptor_, "x", 1, MSG_NOSIGNAL) == 1; }

private:
    [[nodiscard]] int port_of(CURLINFO end) const {
        long port = 0;
        curl_easy_getinfo(handle_, end, &port);
        return static_cast<int>(port);
    }

    [[nodiscard]] const char* address_of(CURLINFO end) const {
        const char* address = nullptr;
        curl_easy_getinfo(handle_, end, &address);
        return address;
    }

    http::Sockets& sockets_;
    CURL* const handle_ = curl_easy_init();
    curl_socket_t descriptor_ = CURL_SOCKET_BAD;
};

}  // namespace

TEST_CASE("a connection between the same ports of other addresses is left alone", "[transport][reuse]") {
    const Listener listener("127.0.0.1", 0);
    const Listener other_listener("127.0.0.2", listener.port());
    http::Sockets sockets;
    const Connection one(sockets, "127.0.0.1", listener.port(), 0);
    const Connection other(sockets, "127.0.0.2", listener.port(), one.local_port());
    REQUIRE(other.local_port() == one.local_port());
    CHECK(other.is_alive());
    CHECK(one.is_alive());
    const Descriptor peer = other_listener.accept();
    REQUIRE(::send(peer.get(), "not read yet", 12, MSG_NOSIGNAL) == 12);
    CHECK(eventually([&] { return other.is_readable(); }));
    CHECK(one.is_alive());
    CHECK(other.can_send());

    CHECK_FALSE(other.is_alive());
    CHECK_FALSE(other.can_send());
    CHECK(one.is_alive());
    CHECK(one.can_send());
}
