#pragma once

/// Percent-decoding (RFC 3986). A pure function.

#include <string>
#include <string_view>

namespace filestore::tool::serve {

/// `%` and two hexadecimal digits become a byte; a `%` without them stays.
[[nodiscard]] std::string percent_decode(std::string_view text);

}  // namespace filestore::tool::serve
