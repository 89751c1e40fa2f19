#pragma once

/// Parts of URLs (RFC 3986). Pure functions.

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace filestore::tool::serve {

/// `%` and two hexadecimal digits become a byte; a `%` without them stays.
[[nodiscard]] std::string percent_decode(std::string_view text);

/// Names and values of `a=b&c`, decoded, in their order; a plus sign is a blank. A name without a value has an empty one, and nothing between two `&` is no parameter.
[[nodiscard]] std::vector<std::pair<std::string, std::string>> parse_query(std::string_view query);

/// Whether it is a host, perhaps with a port, and nothing that could end or lengthen it in a URL.
[[nodiscard]] bool is_host(std::string_view text);

/// An `http` or `https` URL with another host (and port).
[[nodiscard]] std::string with_host(std::string_view url, std::string_view host);

/// What a request asks for (RFC 9112, 3.2): a path, or a whole URL of http or https, without its query. A value that points into the text.
struct RequestTarget {
    std::string_view path;
    /// Of a whole URL.
    std::optional<std::string_view> authority{};
};
[[nodiscard]] RequestTarget parse_target(std::string_view text);

}  // namespace filestore::tool::serve
