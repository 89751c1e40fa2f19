#pragma once

/// Compares host names. Pure functions; all names are in lower case.

#include <cstddef>
#include <string_view>

namespace filestore::s3 {

/// Whether the host is the domain itself, or ends with it behind a dot.
[[nodiscard]] constexpr bool is_within_domain(std::string_view host, std::string_view domain) noexcept {
    return host == domain || (host.ends_with(domain) && host[host.size() - domain.size() - 1] == '.');
}

/// The colons of an IPv6 address stand in brackets.
[[nodiscard]] constexpr std::string_view without_port(std::string_view host) noexcept {
    const std::size_t colon = host.rfind(':');
    const bool has_port = colon != std::string_view::npos && host.find(']', colon) == std::string_view::npos;
    return has_port ? host.substr(0, colon) : host;
}

}  // namespace filestore::s3
