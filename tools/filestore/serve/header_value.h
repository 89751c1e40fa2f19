#pragma once

/// What stands in a header. Pure functions.

#include <string_view>

namespace filestore::tool::serve {

/// Without blanks and tabs around it (RFC 9110, 5.6.3).
[[nodiscard]] inline std::string_view trimmed(std::string_view text) noexcept {
    const std::size_t begin = text.find_first_not_of(" \t");
    return begin == std::string_view::npos ? std::string_view()
                                           : text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

}  // namespace filestore::tool::serve
