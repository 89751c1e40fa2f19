#include "s3/protocol/encoded_word.h"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <utility>

#include "core/ascii.h"
#include "core/encoding.h"
#include "core/text.h"
#include "filestore/result.h"

namespace filestore::s3 {

namespace {

constexpr std::string_view opening = "=?UTF-8?";
constexpr std::string_view closing = "?=";
/// A word has at most 75 characters.
constexpr std::size_t most_bytes_of_word = 45;

bool stands_for_itself(std::string_view text) {
    return is_printable_ascii(text) && !text.starts_with(' ') && !text.ends_with(' ') &&
           text.find("=?") == std::string_view::npos;
}

/// How much of the text goes into one word: whole characters.
std::size_t size_of_word(std::string_view text) {
    std::size_t size = std::min(text.size(), most_bytes_of_word);
    while (size < text.size() && (static_cast<unsigned char>(text[size]) & 0xC0U) == 0x80U) {
        --size;
    }
    return size;
}

std::optional<unsigned> hex_digit(char c) {
    constexpr std::string_view digits = "0123456789abcdef";
    const auto place = digits.find(to_lower(c));
    return place == std::string_view::npos ? std::nullopt : std::optional(static_cast<unsigned>(place));
}

/// The "Q" encoding.
std::optional<std::string> unquoted(std::string_view text) {
    std::string bytes;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '=') {
            bytes += text[i] == '_' ? ' ' : text[i];
            continue;
        }
        const auto high = i + 2 < text.size() ? hex_digit(text[i + 1]) : std::nullopt;
        const auto low = high ? hex_digit(text[i + 2]) : std::nullopt;
        if (!low) {
            return std::nullopt;
        }
        bytes += static_cast<char>(*high << 4U | *low);
        i += 2;
    }
    return bytes;
}

std::optional<std::string> decoded(char encoding, std::string_view text) {
    if (to_lower(encoding) == 'q') {
        return unquoted(text);
    }
    auto bytes = to_lower(encoding) == 'b' ? from_base64(text) : Error(ErrorCode::invalid_argument);
    return bytes.ok() ? std::optional(std::move(bytes).value()) : std::nullopt;
}

/// What the word means that is taken off the front of the text; nothing where there is none.
std::optional<std::string> take_word(std::string_view& text) {
    // Behind the opening: a letter for the encoding, '?', and what is encoded.
    const std::size_t content = opening.size() + 2;
    const auto end = text.find(closing, std::min(content, text.size()));
    if (end == std::string_view::npos || !equal_ignoring_case(text.substr(0, opening.size()), opening) ||
        text[content - 1] != '?') {
        return std::nullopt;
    }
    auto meaning = decoded(text[content - 2], text.substr(content, end - content));
    text.remove_prefix(end + closing.size());
    return meaning;
}

}  // namespace

std::string to_header_text(std::string_view text) {
    if (stands_for_itself(text)) {
        return std::string(text);
    }
    std::string header;
    while (!text.empty()) {
        const std::size_t size = size_of_word(text);
        header.append(header.empty() ? "" : " ").append(opening).append("B?");
        header.append(to_base64(text.substr(0, size))).append(closing);
        text.remove_prefix(size);
    }
    return header;
}

std::string from_header_text(std::string_view header) {
    std::string text;
    std::string_view rest = header;
    while (!rest.empty()) {
        const auto word = take_word(rest);
        if (!word) {
            return std::string(header);
        }
        text += *word;
        rest.remove_prefix(std::min(rest.find_first_not_of(' '), rest.size()));
    }
    return is_utf8(text) ? text : std::string(header);
}

}  // namespace filestore::s3
