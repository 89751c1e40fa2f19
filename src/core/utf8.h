#pragma once

/// The shape of UTF-8 (RFC 3629, section 4). Pure functions.

#include <cstddef>
#include <string_view>

namespace filestore {

/// The bytes of the character that `text` begins with, 1 to 4; 0 when it does not begin with a well-formed
/// one.
[[nodiscard]] constexpr std::size_t utf8_character_size(std::string_view text) noexcept {
    const auto byte = [text](std::size_t place) { return static_cast<unsigned char>(text[place]); };
    if (text.empty()) {
        return 0;
    }
    const unsigned lead = byte(0);
    if (lead < 0x80) {
        return 1;
    }
    if (lead < 0xC2 || lead > 0xF4) {
        return 0;
    }
    const std::size_t size = lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
    if (text.size() < size) {
        return 0;
    }
    // The second byte's bounds keep out overlong forms, surrogates and what lies past U+10FFFF.
    const unsigned lowest = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
    const unsigned highest = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
    if (byte(1) < lowest || byte(1) > highest) {
        return 0;
    }
    for (std::size_t place = 2; place < size; ++place) {
        if (byte(place) < 0x80 || byte(place) > 0xBF) {
            return 0;
        }
    }
    return size;
}

/// Whether one well-formed character is a control character: U+0000 to U+001F, U+007F to U+009F.
[[nodiscard]] constexpr bool is_control_character(std::string_view character) noexcept {
    const auto lead = static_cast<unsigned char>(character.front());
    if (character.size() == 1) {
        return lead < 0x20 || lead == 0x7F;
    }
    return character.size() == 2 && lead == 0xC2 && static_cast<unsigned char>(character[1]) < 0xA0;
}

}  // namespace filestore
