#pragma once

/// Hexadecimal and base64 text (RFC 4648). Pure functions.

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

}  // namespace filestore
