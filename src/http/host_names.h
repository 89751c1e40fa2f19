#pragma once

/// Which names have to be looked up for a request. Pure.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace filestore::http {

/// A name in lower case. A value.
struct HostAndPort {
    std::string host;
    std::uint16_t port;

    friend bool operator==(const HostAndPort&, const HostAndPort&) = default;
};

/// What libcurl would look up to connect to the URL's host through `proxy` (empty: none): the proxy's name, or the host's, or, for a SOCKS proxy that wants
/// an address, both. None for addresses, and for `localhost` and what is below it, which libcurl knows. A host with other characters than those of names is left
/// to libcurl, too: it may be one that is encoded.
[[nodiscard]] std::vector<HostAndPort> names_to_look_up(std::string_view url, std::string_view proxy);

}  // namespace filestore::http
