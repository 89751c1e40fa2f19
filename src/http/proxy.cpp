#include "http/proxy.h"

#include <arpa/inet.h>
#include <curl/curl.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <initializer_list>
#include <memory>
#include <new>

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

template <std::size_t size>
bool have_same_beginning(const std::array<unsigned char, size>& a, const std::array<unsigned char, size>& b,
                         unsigned bits) {
    const unsigned bytes = bits / 8;
    if (!std::equal(a.begin(), a.begin() + bytes, b.begin())) {
        return false;
    }
    const unsigned rest = bits % 8;
    return rest == 0 || (a.at(bytes) ^ b.at(bytes)) >> (8 - rest) == 0;
}

/// `network` is an address, or one with the number of bits that count.
template <std::size_t size>
bool is_in_network(int family, const std::array<unsigned char, size>& address, std::string_view network) {
    constexpr unsigned all_bits = 8 * size;
    const std::size_t slash = std::min(network.find('/'), network.size());
    const auto base = parse_address<size>(family, network.substr(0, slash));
    if (!base) {
        return false;
    }
    unsigned bits = 0;
    if (slash < network.size()) {
        std::from_chars(network.data() + slash + 1, network.data() + network.size(), bits);
    }
    return bits <= all_bits && have_same_beginning(address, *base, bits == 0 ? all_bits : bits);
}

bool is_https(std::string_view url) {
    return equal_ignoring_case(url.substr(0, url.find(':')), "https");
}

bool is_in_domain(std::string_view host, std::string_view domain) {
    if (host.ends_with('.')) {
        host.remove_suffix(1);
    }
    if (domain.ends_with('.')) {
        domain.remove_suffix(1);
    }
    if (domain.starts_with("*.")) {
        domain.remove_prefix(1);
    }
    if (domain.starts_with('.')) {
        domain.remove_prefix(1);
    }
    if (domain.empty() || domain.size() > host.size()) {
        return false;
    }
    const std::size_t before = host.size() - domain.size();
    return equal_ignoring_case(host.substr(before), domain) && (before == 0 || host[before - 1] == '.');
}

/// One of the exceptions: a name, a domain, an address or a network, and the port that alone is meant, if any. A value.
struct Exception {
    std::string_view place;
    std::optional<std::uint16_t> port;
};

std::optional<std::uint16_t> parse_port(std::string_view text) {
    std::uint16_t port = 0;
    const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), port);
    return failure == std::errc() && end == text.data() + text.size() ? std::optional(port) : std::nullopt;
}

/// Nothing for a word that is none. The colons of an IPv6 address separate a port only behind its brackets.
std::optional<Exception> parse_exception(std::string_view word) {
    std::string_view place = word;
    std::string_view behind;
    if (word.starts_with('[')) {
        const std::size_t bracket = word.find(']');
        if (bracket == std::string_view::npos) {
            return std::nullopt;
        }
        place = word.substr(1, bracket - 1);
        behind = word.substr(bracket + 1);
    } else if (const std::size_t colon = word.find(':'); colon == word.rfind(':')) {
        place = word.substr(0, colon);
        behind = word.substr(std::min(colon, word.size()));
    }
    if (behind.empty()) {
        return Exception{place, std::nullopt};
    }
    const auto port = parse_port(behind.substr(1));
    return behind.front() == ':' && port ? std::optional(Exception{place, port}) : std::nullopt;
}

/// Calls `test` with each word until it says yes.
template <class Test>
bool any_word(std::string_view list, Test&& test) {
    constexpr std::string_view between = ", \t";
    while (true) {
        list.remove_prefix(std::min(list.find_first_not_of(between), list.size()));
        if (list.empty()) {
            return false;
        }
        const std::string_view word = list.substr(0, list.find_first_of(between));
        if (test(word)) {
            return true;
        }
        list.remove_prefix(word.size());
    }
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

std::uint16_t port_of(std::string_view url) noexcept {
    const std::uint16_t own = is_https(url) ? 443 : 80;
    const std::string_view host = host_of(url);
    std::string_view behind(host.data() + host.size(), url.data() + url.size());
    behind = behind.substr(behind.starts_with(']') ? 1 : 0);
    behind = behind.substr(0, behind.find_first_of("/?#"));
    return behind.starts_with(':') ? parse_port(behind.substr(1)).value_or(own) : own;
}

bool is_excepted(std::string_view host, std::uint16_t port, std::string_view exceptions) {
    const auto four = parse_address<4>(AF_INET, host);
    const auto six = parse_address<16>(AF_INET6, host);
    return any_word(exceptions, [&](std::string_view word) {
        const auto exception = parse_exception(word);
        if (!exception || (exception->port && *exception->port != port)) {
            return false;
        }
        const std::string_view place = exception->place;
        if (place == "*") {
            return true;
        }
        return four  ? is_in_network(AF_INET, *four, place)
               : six ? is_in_network(AF_INET6, *six, place)
                     : is_in_domain(host, place);
    });
}

bool names_a_proxy(const std::string& text) {
    constexpr std::array<std::string_view, 7> kinds{"http",    "https",  "socks",  "socks4",
                                                    "socks4a", "socks5", "socks5h"};
    const std::unique_ptr<CURLU, decltype(&curl_url_cleanup)> url(curl_url(), curl_url_cleanup);
    if (!url) {
        throw std::bad_alloc();
    }
    char* kind = nullptr;
    const CURLUcode parsed =
        curl_url_set(url.get(), CURLUPART_URL, text.c_str(), CURLU_NON_SUPPORT_SCHEME | CURLU_GUESS_SCHEME);
    if (parsed != CURLUE_OK || curl_url_get(url.get(), CURLUPART_SCHEME, &kind, 0) != CURLUE_OK) {
        return false;
    }
    const bool is_known = std::find(kinds.begin(), kinds.end(), std::string_view(kind)) != kinds.end();
    curl_free(kind);
    return is_known;
}

Proxies proxies_of_environment(const std::function<std::optional<std::string>(const char*)>& variable) {
    const auto first_of = [&](std::initializer_list<const char*> names) {
        std::optional<std::string> value;
        for (auto name = names.begin(); name != names.end() && !value; ++name) {
            value = variable(*name);
        }
        return value.value_or(std::string());
    };
    return {first_of({"http_proxy", "all_proxy", "ALL_PROXY"}),
            first_of({"https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"}),
            first_of({"no_proxy", "NO_PROXY"})};
}

std::string_view proxy_for(std::string_view url, const Proxies& proxies) {
    const std::string_view proxy = is_https(url) ? proxies.for_https : proxies.for_http;
    const std::string_view host = host_of(url);
    return proxy.empty() || is_never_proxied(host) || is_excepted(host, port_of(url), proxies.exceptions)
               ? std::string_view()
               : proxy;
}

}  // namespace filestore::http
