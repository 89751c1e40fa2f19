#include "http/host_names.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <utility>

#include "core/ascii.h"
#include "http/proxy.h"

namespace filestore::http {

namespace {

constexpr std::uint16_t http_port = 80;
constexpr std::uint16_t https_port = 443;
/// libcurl's own for proxies.
constexpr std::uint16_t proxy_port = 1080;

constexpr std::string_view name_characters = "abcdefghijklmnopqrstuvwxyz0123456789-._";

bool is_address(const std::string& host) {
    std::array<unsigned char, 4> address{};
    return ::inet_pton(AF_INET, host.c_str(), address.data()) == 1;
}

/// `host` is in lower case.
bool is_name(const std::string& host) {
    return !host.empty() && host.front() != '-' &&
           host.find_first_not_of(name_characters) == std::string::npos && !is_address(host) &&
           host != "localhost" && !host.ends_with(".localhost");
}

/// The default where the URL has none that could be read; libcurl refuses the URL then.
std::uint16_t port_of(std::string_view url, std::string_view host, std::uint16_t default_port) {
    // The host is part of the URL.
    const char* at = host.data() + host.size();
    const char* const end = url.data() + url.size();
    std::uint16_t port = default_port;
    if (at != end && *at == ':') {
        std::from_chars(at + 1, end, port);
    }
    return port;
}

std::optional<HostAndPort> name_in(std::string_view url, std::uint16_t default_port) {
    const std::string_view host = host_of(url);
    std::string name = to_lower(host);
    if (!is_name(name)) {
        return std::nullopt;
    }
    return HostAndPort{std::move(name), port_of(url, host, default_port)};
}

std::string scheme_of(std::string_view url, std::string_view default_scheme) {
    const std::size_t end = url.find("://");
    return to_lower(end == std::string_view::npos ? default_scheme : url.substr(0, end));
}

bool wants_address(std::string_view proxy_scheme) {
    return proxy_scheme == "socks" || proxy_scheme == "socks4" || proxy_scheme == "socks5";
}

}  // namespace

std::vector<HostAndPort> names_to_look_up(std::string_view url, std::string_view proxy) {
    std::vector<HostAndPort> names;
    const auto add = [&](std::string_view in, std::uint16_t default_port) {
        if (auto name = name_in(in, default_port)) {
            names.push_back(std::move(*name));
        }
    };
    const std::string scheme = scheme_of(proxy, "http");
    if (!proxy.empty()) {
        add(proxy, scheme == "https" ? https_port : proxy_port);
    }
    if (proxy.empty() || wants_address(scheme)) {
        add(url, scheme_of(url, "http") == "https" ? https_port : http_port);
    }
    return names;
}

}  // namespace filestore::http
