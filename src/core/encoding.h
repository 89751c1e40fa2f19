#pragma once

/// Hexadecimal and base64 text (RFC 4648), and percent-encoding (RFC 3986). Pure functions.

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include "filestore/result.h"

namespace filestore {

/// Lower-case hexadecimal digits.
[[nodiscard]] std::string to_hex(std::span<const std::byte> bytes);

/// With padding, without line breaks.
[[nodiscard]] std::string to_base64(std::string_view bytes);

/// `invalid_argument` for anything but padded base64 without line breaks.
[[nodiscard]] Result<std::string> from_base64(std::string_view text);

/// All but unreserved characters (RFC 3986, section 2.3) and `kept` as `%` and two upper-case digits.
[[nodiscard]] std::string percent_encode(std::string_view text, std::string_view kept = {});

}  // namespace filestore
