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
    if (domain.starts_with('.')) {
        domain.remove_prefix(1);
    }
    if (domain.empty() || domain.size() > host.size()) {
        return false;
    }
    const std::size_t before = host.size() - domain.size();
    return equal_ignoring_case(host.substr(before), domain) && (before == 0 || host[before - 1] == '.');
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

bool is_excepted(std::string_view host, std::string_view exceptions) {
    if (exceptions == "*") {
        return true;
    }
    if (const auto four = parse_address<4>(AF_INET, host)) {
        return any_word(exceptions,
                        [&](std::string_view word) { return is_in_network(AF_INET, *four, word); });
    }
    if (const auto six = parse_address<16>(AF_INET6, host)) {
        return any_word(exceptions,
                        [&](std::string_view word) { return is_in_network(AF_INET6, *six, word); });
    }
    return any_word(exceptions, [&](std::string_view word) { return is_in_domain(host, word); });
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
    return proxy.empty() || is_never_proxied(host) || is_excepted(host, proxies.exceptions)
               ? std::string_view()
               : proxy;
}

}  // namespace filestore::http
