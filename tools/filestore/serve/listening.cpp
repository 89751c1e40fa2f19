#include "serve/listening.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "core/text.h"
#include "serve/decimal.h"

namespace filestore::tool::serve {

namespace {

constexpr int longest_queue = 1024;

/// An address as the system takes it. A value.
struct SocketAddress {
    sockaddr_storage storage{};
    socklen_t size = 0;
};

SocketAddress with_port_4(const in_addr& ip, std::uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr = ip;
    address.sin_port = htons(port);
    SocketAddress made;
    made.size = sizeof address;
    std::memcpy(&made.storage, &address, sizeof address);
    return made;
}

SocketAddress with_port_6(const in6_addr& ip, std::uint16_t port) {
    sockaddr_in6 address{};
    address.sin6_family = AF_INET6;
    address.sin6_addr = ip;
    address.sin6_port = htons(port);
    SocketAddress made;
    made.size = sizeof address;
    std::memcpy(&made.storage, &address, sizeof address);
    return made;
}

bool is_loopback_4(const in_addr& ip) {
    return (ntohl(ip.s_addr) >> 24) == IN_LOOPBACKNET;
}

bool is_loopback_6(const in6_addr& ip) {
    return IN6_IS_ADDR_LOOPBACK(&ip) != 0;
}

Error not_an_address(const std::string& text) {
    return {ErrorCode::invalid_argument,
            "--listen " + filestore::quoted(text) + ": give ADDR:PORT, such as 127.0.0.1:8080 or [::1]:8080"};
}

/// Where the last colon is; brackets are left out of the address.
Result<ListenAddress> split(const std::string& text) {
    const std::size_t colon = text.rfind(':');
    if (colon == std::string::npos) {
        return not_an_address(text);
    }
    ListenAddress address;
    address.ip = text.substr(0, colon);
    const auto port = decimal(std::string_view(text).substr(colon + 1));
    if (!port || *port > UINT16_MAX) {
        return not_an_address(text);
    }
    address.port = static_cast<std::uint16_t>(*port);
    if (address.ip.size() > 2 && address.ip.front() == '[' && address.ip.back() == ']') {
        address.ip = address.ip.substr(1, address.ip.size() - 2);
    }
    if (address.ip == "localhost") {
        address.ip = "127.0.0.1";
    }
    return address;
}

SocketAddress socket_address(const ListenAddress& address) {
    in_addr four{};
    in6_addr six{};
    if (::inet_pton(AF_INET, address.ip.c_str(), &four) == 1) {
        return with_port_4(four, address.port);
    }
    return ::inet_pton(AF_INET6, address.ip.c_str(), &six) == 1 ? with_port_6(six, address.port)
                                                                : SocketAddress();
}

Error cannot_listen(const ListenAddress& address) {
    return {ErrorCode::configuration, "cannot listen at " + address.text() + ": " + std::strerror(errno) +
                                          "; give another address by --listen"};
}

std::uint16_t port_of(int descriptor) {
    SocketAddress bound;
    bound.size = sizeof bound.storage;
    ::getsockname(descriptor, reinterpret_cast<sockaddr*>(&bound.storage), &bound.size);
    // Both kinds have it at the same place.
    sockaddr_in address{};
    std::memcpy(&address, &bound.storage, sizeof address);
    return ntohs(address.sin_port);
}

}  // namespace

std::string ListenAddress::text() const {
    const bool is_6 = ip.find(':') != std::string::npos;
    return (is_6 ? "[" + ip + "]" : ip) + ":" + std::to_string(port);
}

bool ListenAddress::is_any() const {
    in_addr four{};
    in6_addr six{};
    return (::inet_pton(AF_INET, ip.c_str(), &four) == 1 && four.s_addr == INADDR_ANY) ||
           (::inet_pton(AF_INET6, ip.c_str(), &six) == 1 && IN6_IS_ADDR_UNSPECIFIED(&six) != 0);
}

Result<ListenAddress> parse_listen_address(const std::string& text, bool has_keys) {
    auto address = split(text);
    if (!address) {
        return address;
    }
    in_addr four{};
    in6_addr six{};
    const bool is_4 = ::inet_pton(AF_INET, address->ip.c_str(), &four) == 1;
    if (!is_4 && ::inet_pton(AF_INET6, address->ip.c_str(), &six) != 1) {
        return not_an_address(text);
    }
    if (has_keys) {
        return address;
    }
    if (is_4 ? !is_loopback_4(four) : !is_loopback_6(six)) {
        return Error(
            ErrorCode::configuration,
            "--listen " + filestore::quoted(text) +
                ": without keys only an address of this machine's own is served, such as 127.0.0.1 or [::1]; "
                "'filestore key' makes keys, for storage.serve.keys of the configuration file");
    }
    return address;
}

Result<Descriptor> listen_at(ListenAddress& address) {
    const SocketAddress place = socket_address(address);
    Descriptor listener(::socket(place.storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    const int on = 1;
    if (!listener.is_open() || ::setsockopt(listener.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0 ||
        ::bind(listener.get(), reinterpret_cast<const sockaddr*>(&place.storage), place.size) != 0 ||
        ::listen(listener.get(), longest_queue) != 0) {
        return cannot_listen(address);
    }
    address.port = port_of(listener.get());
    return listener;
}

std::vector<std::string> hosts_of(const ListenAddress& address, std::string_view scheme) {
    const std::uint16_t usual_port = scheme == "https" ? 443 : 80;
    std::vector<std::string> hosts;
    for (const ListenAddress& name :
         {address, ListenAddress{"localhost", address.port}, ListenAddress{"127.0.0.1", address.port},
          ListenAddress{"::1", address.port}}) {
        hosts.push_back(name.text());
        if (address.port == usual_port) {
            hosts.push_back(hosts.back().substr(0, hosts.back().rfind(':')));
        }
    }
    return hosts;
}

}  // namespace filestore::tool::serve
