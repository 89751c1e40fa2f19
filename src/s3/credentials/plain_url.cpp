#include "s3/credentials/plain_url.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>

#include "core/ascii.h"
#include "core/text.h"
#include "core/try.h"

namespace filestore::s3 {
namespace {

using Ipv4 = std::array<unsigned char, 4>;
using Ipv6 = std::array<unsigned char, 16>;

constexpr std::array agents_ipv4{Ipv4{169, 254, 170, 2}, Ipv4{169, 254, 170, 23}};
constexpr Ipv6 loopback_ipv6{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};
constexpr Ipv6 agent_ipv6{0xFD, 0, 0x0E, 0xC2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x23};

bool is_host_character(char c) noexcept {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_';
}

bool is_ipv6(const std::string& host) {
    Ipv6 bytes{};
    return ::inet_pton(AF_INET6, host.c_str(), bytes.data()) == 1;
}

/// Splits `host:port` or `[host]:port`. False for what is neither.
bool split_authority(std::string_view authority, std::string_view& host, std::string_view& port) {
    if (!authority.starts_with('[')) {
        const std::size_t colon = authority.find(':');
        host = authority.substr(0, colon);
        port = colon == std::string_view::npos ? std::string_view() : authority.substr(colon);
        return !host.empty();
    }
    const std::size_t end = authority.find(']');
    if (end == std::string_view::npos) {
        return false;
    }
    host = authority.substr(1, end - 1);
    port = authority.substr(end + 1);
    return true;
}

/// `:443` or nothing.
bool is_port(std::string_view port) {
    if (port.empty()) {
        return true;
    }
    std::uint16_t number = 0;
    const char* const last = port.data() + port.size();
    const auto [end, failure] = std::from_chars(port.data() + 1, last, number);
    return port.front() == ':' && failure == std::errc() && end == last && number != 0;
}

Error invalid(std::string_view origin, const char* why) {
    return {ErrorCode::configuration, std::string(origin) + " is no URL that can be used: " + why};
}

Result<PlainUrl> parse_authority(std::string_view authority, bool is_tls, std::string_view origin) {
    std::string_view host;
    std::string_view port;
    if (!split_authority(authority, host, port) || !is_port(port)) {
        return invalid(origin, "its host or port is none");
    }
    PlainUrl url;
    url.is_tls = is_tls;
    url.host = to_lower(host);
    const bool bracketed = authority.starts_with('[');
    if (bracketed ? !is_ipv6(url.host) : !std::all_of(url.host.begin(), url.host.end(), is_host_character)) {
        return invalid(origin, "its host is none");
    }
    url.authority = bracketed ? '[' + url.host + ']' : url.host;
    if (port != (is_tls ? ":443" : ":80")) {
        url.authority += port;
    }
    return url;
}

}  // namespace

Result<PlainUrl> parse_plain_url(std::string_view url, std::string_view origin) {
    const std::size_t colon = url.find("://");
    const std::string scheme = to_lower(url.substr(0, std::min(colon, url.size())));
    if (colon == std::string_view::npos || (scheme != "http" && scheme != "https")) {
        return invalid(origin, "it begins with neither http:// nor https://");
    }
    if (!is_printable_ascii(url) || url.find_first_of(" \\#") != std::string_view::npos) {
        return invalid(origin, "it holds a blank, a backslash, a fragment or a byte that is not ASCII");
    }
    const std::string_view rest = url.substr(colon + 3);
    const std::size_t end = std::min(rest.find_first_of("/?"), rest.size());
    FILESTORE_TRY_ASSIGN(PlainUrl parsed, parse_authority(rest.substr(0, end), scheme == "https", origin));
    const std::string_view target = rest.substr(end);
    parsed.target = target.starts_with('/') ? std::string(target) : '/' + std::string(target);
    return parsed;
}

bool may_give_keys(const PlainUrl& url) {
    if (url.is_tls || url.host == "localhost") {
        return true;
    }
    Ipv4 v4{};
    if (::inet_pton(AF_INET, url.host.c_str(), v4.data()) == 1) {
        constexpr unsigned char loopback_net = 127;
        return v4[0] == loopback_net ||
               std::find(agents_ipv4.begin(), agents_ipv4.end(), v4) != agents_ipv4.end();
    }
    Ipv6 v6{};
    return ::inet_pton(AF_INET6, url.host.c_str(), v6.data()) == 1 &&
           (v6 == loopback_ipv6 || v6 == agent_ipv6);
}

}  // namespace filestore::s3
