#pragma once

/// Text that is not ASCII in a header: encoded words (RFC 2047), which every server keeps, or decodes. Pure functions.

#include <string>
#include <string_view>

namespace filestore::s3 {

/// UTF-8 as it stands in a header: itself where that is printable ASCII, without blanks at its ends, and cannot be taken for encoded; else words in base64.
[[nodiscard]] std::string to_header_text(std::string_view text);

/// What a header says: where it is encoded words of UTF-8 and nothing else, what they mean; else the header as it is.
[[nodiscard]] std::string from_header_text(std::string_view header);

}  // namespace filestore::s3
