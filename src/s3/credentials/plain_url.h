#pragma once

/// The URLs of endpoints that give keys. Pure functions.

#include <string>
#include <string_view>

#include "filestore/result.h"

namespace filestore::s3 {

/// An http or https URL in its parts. A value.
struct PlainUrl {
    bool is_tls = false;
    /// In lower case, without port and brackets.
    std::string host;
    /// As the Host header has it, without the scheme's own port.
    std::string authority;
    /// Path and query; starts with `/`.
    std::string target;

    [[nodiscard]] std::string text() const { return (is_tls ? "https://" : "http://") + authority + target; }
};

/// `configuration` for another scheme, user information, a fragment, a host or port that is none, and any byte that is not printable ASCII: whoever
/// reads the URL later must not find another host in it. `origin` leads the message and says where the URL is from; the URL itself, which
/// may hold a secret, does not stand in it.
[[nodiscard]] Result<PlainUrl> parse_plain_url(std::string_view url, std::string_view origin);

/// Whether keys may be asked from there: over TLS from everywhere, else from this machine and from the fixed addresses of container agents
/// (169.254.170.2, 169.254.170.23, fd00:ec2::23).
[[nodiscard]] bool may_give_keys(const PlainUrl& url);

}  // namespace filestore::s3
