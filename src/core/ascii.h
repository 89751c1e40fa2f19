#pragma once

/// Case of ASCII letters, whatever the locale is: header names, host names. Pure functions.

#include <algorithm>
#include <string>
#include <string_view>

namespace filestore {

[[nodiscard]] constexpr char to_lower(char c) noexcept {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

[[nodiscard]] inline std::string to_lower(std::string_view text) {
    std::string lowered(text);
    for (char& c : lowered) {
        c = to_lower(c);
    }
    return lowered;
}

[[nodiscard]] inline bool equal_ignoring_case(std::string_view a, std::string_view b) noexcept {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                      [](char x, char y) { return to_lower(x) == to_lower(y); });
}

}  // namespace filestore
