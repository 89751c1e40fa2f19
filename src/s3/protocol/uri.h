#pragma once

/// URI encoding as SigV4 for S3 demands it. Pure functions.

#include <string>
#include <string_view>
#include <vector>

namespace filestore::s3 {

/// A decoded query parameter, or a header. A value.
struct NameValue {
    std::string name;
    std::string value;

    friend bool operator==(const NameValue&, const NameValue&) = default;
};

enum class Slash { keep, encode };

/// Percent-encodes every byte but A-Z a-z 0-9 - . _ ~ (RFC 3986 unreserved; AWS SigV4 reference, "UriEncode").
[[nodiscard]] std::string uri_encode(std::string_view text, Slash slash);

/// `name=value&...`, both parts encoded, sorted by encoded name, then encoded value: the canonical query string, and also what is sent.
[[nodiscard]] std::string canonical_query(const std::vector<NameValue>& parameters);

}  // namespace filestore::s3
