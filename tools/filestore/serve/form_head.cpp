#include "serve/form_head.h"

#include <algorithm>
#include <array>
#include <utility>

#include "core/ascii.h"
#include "serve/header_value.h"

namespace filestore::tool::serve {

namespace {

constexpr std::string_view end_of_line = "\r\n";
constexpr std::string_view name_of_disposition = "Content-Disposition";
constexpr std::array<std::string_view, 3> known_names{name_of_disposition, "Content-Type",
                                                      "Content-Transfer-Encoding"};

/// RFC 9110, 5.6.2.
constexpr std::string_view signs = "!#$%&'*+-.^_`|~";

bool is_field_name(std::string_view name) {
    return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
        const char small = to_lower(c);
        return (small >= 'a' && small <= 'z') || (c >= '0' && c <= '9') ||
               signs.find(c) != std::string_view::npos;
    });
}

/// The parser would see the end of the text in one.
std::string without_zero_bytes(std::string_view value) {
    constexpr std::string_view replacement_character = "\uFFFD";
    std::string text;
    for (const char c : value) {
        if (c == '\0') {
            text += replacement_character;
        } else {
            text += c;
        }
    }
    return text;
}

}  // namespace

std::optional<std::string> plain_head(std::string_view lines) {
    std::string disposition_line;
    std::string head;
    while (!lines.empty()) {
        const std::string_view line = lines.substr(0, lines.find(end_of_line));
        lines.remove_prefix(std::min(lines.size(), line.size() + end_of_line.size()));
        const std::size_t colon = line.find(':');
        if (colon == std::string_view::npos || !is_field_name(line.substr(0, colon))) {
            return std::nullopt;
        }
        const auto* const known = std::find_if(
            known_names.begin(), known_names.end(),
            [&](std::string_view name) { return equal_ignoring_case(name, line.substr(0, colon)); });
        if (known != known_names.end()) {
            std::string plain = std::string(*known) + ": ";
            plain += without_zero_bytes(trimmed(line.substr(colon + 1))) + "\r\n";
            if (*known == name_of_disposition) {
                disposition_line = std::move(plain);
            } else {
                head += plain;
            }
        }
    }
    return disposition_line + head;
}

}  // namespace filestore::tool::serve
