#pragma once

/// Which hosts are reached past any proxy. Pure.

#include <string_view>

namespace filestore::http {

/// The host of an http or https URL, without port and brackets.
[[nodiscard]] std::string_view host_of(std::string_view url) noexcept;

/// This machine (`localhost`, 127.0.0.0/8, ::1) and the metadata services of clouds (169.254.0.0/16, fd00:ec2::/32): a proxy would ask for itself,
/// and hear the secrets that such a service tells.
[[nodiscard]] bool is_never_proxied(std::string_view host);

}  // namespace filestore::http
