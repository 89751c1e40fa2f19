#pragma once

/// What keys must be to be sent. Pure functions.

#include <string>
#include <string_view>

#include "filestore/result.h"
#include "s3/protocol/signing.h"

namespace filestore::s3 {

/// Keys and tokens go into headers: a line break in one, often left by a file that it was read from, must not get there.
[[nodiscard]] bool fits_header(std::string_view text) noexcept;

/// The same of what is the whole value of a header, such as `Basic abcd`: it may have blanks, but not at its ends.
[[nodiscard]] bool is_header_value(std::string_view text) noexcept;

/// `unauthenticated` where one does not fit into a header. `origin` says where they came from: "options", "environment". The message never holds a value.
[[nodiscard]] Result<Credentials> checked_keys(Credentials keys, std::string_view origin);

}  // namespace filestore::s3
