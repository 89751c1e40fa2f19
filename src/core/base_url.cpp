#include "core/base_url.h"

#include <algorithm>
#include <charconv>
#include <system_error>

#include "core/text.h"

namespace filestore {

namespace {

constexpr std::string_view plain = "http://";
constexpr std::string_view encrypted = "https://";

/// Server, port and path.
std::string_view behind_scheme(std::string_view url) noexcept {
    return url.substr(url.find("//") + 2);
}

/// Nothing, or a colon and a number up to 65535.
bool is_port(std::string_view text) noexcept {
    if (text.empty()) {
        return true;
    }
    unsigned port = 0;
    const auto [end, failure] = std::from_chars(text.data() + 1, text.data() + text.size(), port);
    return text.front() == ':' && failure == std::errc() && end == text.data() + text.size() && port <= 65535;
}

/// Where the port begins, or the end.
std::size_t end_of_host(std::string_view authority) noexcept {
    const std::size_t end = authority.starts_with('[') ? authority.find(']') : authority.find(':');
    const std::size_t behind = authority.starts_with('[') && end != std::string_view::npos ? end + 1 : end;
    return std::min(behind, authority.size());
}

bool is_of_this_machine(std::string_view authority) noexcept {
    const std::string_view host = authority.substr(0, end_of_host(authority));
    const bool is_loopback_net =
        host.starts_with("127.") && host.find_first_not_of("0123456789.") == std::string_view::npos;
    return host == "localhost" || host == "[::1]" || is_loopback_net;
}

}  // namespace

std::string_view without_last_slashes(std::string_view url) noexcept {
    const std::size_t scheme = url.find("//");
    const std::size_t host = scheme == std::string_view::npos ? 0 : scheme + 2;
    while (url.ends_with('/') && url.size() > host) {
        url.remove_suffix(1);
    }
    return url;
}

std::optional<std::string_view> fault_of_base_url(std::string_view url) noexcept {
    if (!url.starts_with(plain) && !url.starts_with(encrypted)) {
        return "is no http or https URL";
    }
    if (!is_printable_ascii(url) || url.find_first_of(" \"<>\\^`{|}?#@") != std::string_view::npos) {
        return "has a character that no such URL has";
    }
    const std::string_view server = behind_scheme(url);
    const bool has_host = !server.empty() && server.front() != ':' && server.front() != '/';
    if (!has_host) {
        return "names no server";
    }
    const std::string_view authority = server.substr(0, server.find('/'));
    const std::size_t host = end_of_host(authority);
    const bool is_closed = !authority.starts_with('[') || authority[host - 1] == ']';
    return is_closed && is_port(authority.substr(host))
               ? std::nullopt
               : std::optional<std::string_view>("has no port of 0 to 65535 behind its server");
}

bool can_be_read_on_the_way(std::string_view url) noexcept {
    const std::string_view server = behind_scheme(url);
    return url.starts_with(plain) && !is_of_this_machine(server.substr(0, server.find('/')));
}

}  // namespace filestore
