#include "http/proxy.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <optional>
#include <span>
#include <string>

#include "core/ascii.h"

namespace filestore::http {

namespace {

template <std::size_t size>
std::optional<std::array<unsigned char, size>> parse_address(int family, std::string_view text) {
    std::array<unsigned char, size> address{};
    if (::inet_pton(family, std::string(text).c_str(), address.data()) != 1) {
        return std::nullopt;
    }
    return address;
}

}  // namespace

std::string_view host_of(std::string_view url) noexcept {
    const auto scheme = url.find("://");
    if (scheme != std::string_view::npos) {
        url.remove_prefix(scheme + 3);
    }
    url = url.substr(0, url.find_first_of("/?#"));
    if (const auto user = url.rfind('@'); user != std::string_view::npos) {
        url.remove_prefix(user + 1);
    }
    if (url.starts_with('[')) {
        return url.substr(1, std::min(url.find(']'), url.size()) - 1);
    }
    return url.substr(0, url.find(':'));
}

bool is_never_proxied(std::string_view host) {
    if (equal_ignoring_case(host, "localhost")) {
        return true;
    }
    if (const auto four = parse_address<4>(AF_INET, host)) {
        return (*four)[0] == 127 || ((*four)[0] == 169 && (*four)[1] == 254);
    }
    if (const auto six = parse_address<16>(AF_INET6, host)) {
        constexpr std::array<unsigned char, 16> loopback{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};
        constexpr std::array<unsigned char, 4> metadata{0xfd, 0x00, 0x0e, 0xc2};
        return *six == loopback || std::equal(metadata.begin(), metadata.end(), six->begin());
    }
    return false;
}

}  // namespace filestore::http
