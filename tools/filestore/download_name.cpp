#include "download_name.h"

#include <algorithm>
#include <array>
#include <climits>
#include <string_view>

#include "core/utf8.h"

namespace filestore::tool {

namespace {

/// Bidi_Control of Unicode: they are not seen, and show what follows in another order, such as the letters of an extension.
constexpr auto direction_marks =
    std::to_array<std::string_view>({"\u061C", "\u200E", "\u200F", "\u202A", "\u202B", "\u202C", "\u202D",
                                     "\u202E", "\u2066", "\u2067", "\u2068", "\u2069"});

bool is_control(std::string_view character) {
    return is_control_character(character) ||
           std::find(direction_marks.begin(), direction_marks.end(), character) != direction_marks.end();
}

std::string without_controls(std::string_view name) {
    std::string plain;
    while (!name.empty()) {
        const std::string_view character =
            name.substr(0, std::max<std::size_t>(utf8_character_size(name), 1));
        plain += is_control(character) ? "_" : character;
        name.remove_prefix(character.size());
    }
    return plain;
}

}  // namespace

std::string download_name(const FileInfo& info) {
    // Names may come from systems that separate by backslashes.
    const std::size_t separator = info.original_path.find_last_of("/\\");
    std::string name =
        separator == std::string::npos ? info.original_path : info.original_path.substr(separator + 1);
    if (name.find_first_not_of(".-") == std::string::npos || name.size() > NAME_MAX) {
        return info.id.str();
    }
    name = without_controls(name);
    if (name.front() == '.' || name.front() == '-') {
        name.front() = '_';
    }
    return name;
}

}  // namespace filestore::tool
