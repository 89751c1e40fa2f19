#pragma once

/// Which proxy a request goes through, by libcurl's rules; of the exceptions, also by those of other programs that read the same variable. Pure functions.

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace filestore::http {

/// The host of an http or https URL, without port and brackets.
[[nodiscard]] std::string_view host_of(std::string_view url) noexcept;

/// This machine (`localhost`, 127.0.0.0/8, ::1) and the metadata services of clouds (169.254.0.0/16, fd00:ec2::/32): a proxy would ask for itself,
/// and hear the secrets that such a service tells.
[[nodiscard]] bool is_never_proxied(std::string_view host);

/// The port of an http or https URL: the scheme's own where it has none.
[[nodiscard]] std::uint16_t port_of(std::string_view url) noexcept;

/// Whether `exceptions` name the host: names and domains (with `.` or `*.` before them or nothing; what ends in one is meant, too), addresses and networks
/// (`10.0.0.0/8`), between commas and blanks; `*` for all. One with a port behind it (`store.test:9000`, `[::1]:9000`) means that port alone.
[[nodiscard]] bool is_excepted(std::string_view host, std::uint16_t port, std::string_view exceptions);

/// A value. An empty proxy is none.
struct Proxies {
    std::string for_http;
    std::string for_https;
    /// Hosts that go past them, see is_excepted().
    std::string exceptions;
};

/// Whether libcurl can be given this text: a URL of a kind of proxy that it knows, or a host alone. It would repeat any other in its message, password
/// and all.
[[nodiscard]] bool names_a_proxy(const std::string& text);

/// `http_proxy` (in lower case only: servers set the other from a header of whoever asks them), `https_proxy`, `all_proxy` in place of either, `no_proxy`; in upper
/// case where the lower is not set.
[[nodiscard]] Proxies proxies_of_environment(
    const std::function<std::optional<std::string>(const char*)>& variable);

/// Empty where the URL's host is reached without one.
[[nodiscard]] std::string_view proxy_for(std::string_view url, const Proxies& proxies);

}  // namespace filestore::http
