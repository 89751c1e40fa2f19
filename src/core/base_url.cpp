#include "core/base_url.h"

#include "core/text.h"

namespace filestore {

namespace {

constexpr std::string_view plain = "http://";
constexpr std::string_view encrypted = "https://";

/// Server, port and path.
std::string_view behind_scheme(std::string_view url) noexcept {
    return url.substr(url.find("//") + 2);
}

bool is_of_this_machine(std::string_view authority) noexcept {
    const std::string_view host = authority.starts_with('[') ? authority.substr(0, authority.find(']') + 1)
                                                             : authority.substr(0, authority.find(':'));
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
    return has_host ? std::nullopt : std::optional<std::string_view>("names no server");
}

bool can_be_read_on_the_way(std::string_view url) noexcept {
    const std::string_view server = behind_scheme(url);
    return url.starts_with(plain) && !is_of_this_machine(server.substr(0, server.find('/')));
}

}  // namespace filestore
