#pragma once

/// The sockets of one event loop. Only src/http includes this header.

#include <curl/curl.h>
#include <netinet/in.h>

#include <array>
#include <string_view>
#include <vector>

namespace filestore::http {

/// The address is in numbers, as libcurl writes it. A value.
struct SocketEnd {
    std::string_view address;
    int port = 0;
};

/// Opens the sockets of libcurl's connections, and looks at a kept connection before a request goes over it. A resource; used by one thread at a time, and
/// destroyed after every handle that it has set up and their multi handle.
class Sockets {
public:
    Sockets() = default;
    Sockets(const Sockets&) = delete;
    Sockets& operator=(const Sockets&) = delete;

    void set_up(CURL* handle);

    struct Connection {
        /// CURL_SOCKET_BAD where it is not known.
        curl_socket_t descriptor = CURL_SOCKET_BAD;
        /// False where it has ended, so that nothing of the request can arrive by it: libcurl will turn to another connection.
        bool alive = true;
    };

    /// The one between these ends, which a request is about to go out on.
    [[nodiscard]] Connection take(const SocketEnd& peer, const SocketEnd& local) noexcept;

private:
    /// An end as the system tells it. A value.
    struct KnownEnd {
        std::array<char, INET6_ADDRSTRLEN> address{};
        int port = 0;

        [[nodiscard]] bool is(const SocketEnd& end) const noexcept {
            return port == end.port && end.address == address.data();
        }
    };

    struct Socket {
        curl_socket_t descriptor = CURL_SOCKET_BAD;
        /// A request has gone over it: its ends are known, and stay what they are.
        bool was_used = false;
        KnownEnd peer{};
        KnownEnd local{};
    };

    [[nodiscard]] static bool is_between(Socket& socket, const SocketEnd& peer,
                                         const SocketEnd& local) noexcept;
    [[nodiscard]] static bool ask(KnownEnd& end, int descriptor,
                                  int (*question)(int, sockaddr*, socklen_t*)) noexcept;

    static curl_socket_t open(void* self, curlsocktype purpose, curl_sockaddr* address) noexcept;
    static int close(void* self, curl_socket_t descriptor) noexcept;
    static int set_options(void* self, curl_socket_t descriptor, curlsocktype purpose) noexcept;

    std::vector<Socket> sockets_;
};

}  // namespace filestore::http
