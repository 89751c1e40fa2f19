#include "core/text.h"

#include <algorithm>
#include <cstddef>
#include <numeric>
#include <vector>

#include "core/utf8.h"

namespace filestore {

namespace {

/// Most paths are shorter.
constexpr std::size_t most_quoted_characters = 300;

/// Names of options and the like are short: a longer word is no slip of one.
constexpr std::size_t longest_likely_name = 64;

void append_escaped(std::string& out, std::string_view bytes) {
    constexpr std::string_view digits = "0123456789abcdef";
    for (const char character : bytes) {
        const auto byte = static_cast<unsigned char>(character);
        out += {'\\', 'x', digits[byte >> 4], digits[byte & 0xF]};
    }
}

/// Levenshtein's distance, in which two neighbours that changed places count once.
std::size_t edit_distance(std::string_view from, std::string_view to) {
    std::vector<std::size_t> before_last;
    std::vector<std::size_t> last(to.size() + 1);
    std::iota(last.begin(), last.end(), std::size_t{0});
    std::vector<std::size_t> row(to.size() + 1);
    for (std::size_t i = 1; i <= from.size(); ++i) {
        row[0] = i;
        for (std::size_t j = 1; j <= to.size(); ++j) {
            const std::size_t replaced = last[j - 1] + (from[i - 1] == to[j - 1] ? 0 : 1);
            row[j] = std::min({last[j] + 1, row[j - 1] + 1, replaced});
            if (i > 1 && j > 1 && from[i - 1] == to[j - 2] && from[i - 2] == to[j - 1]) {
                row[j] = std::min(row[j], before_last[j - 2] + 1);
            }
        }
        before_last = last;
        last = row;
    }
    return last[to.size()];
}

std::optional<std::string_view> name_begun_by(std::string_view word,
                                              std::span<const std::string_view> names) {
    constexpr std::size_t shortest_telling_word = 3;
    const auto begun = std::find_if(names.begin(), names.end(),
                                    [word](std::string_view name) { return name.starts_with(word); });
    return word.size() < shortest_telling_word || begun == names.end() ? std::nullopt : std::optional(*begun);
}

}  // namespace

bool is_utf8(std::string_view text) noexcept {
    while (!text.empty()) {
        const std::size_t size = utf8_character_size(text);
        if (size == 0) {
            return false;
        }
        text.remove_prefix(size);
    }
    return true;
}

bool is_printable_ascii(std::string_view text) noexcept {
    return std::all_of(text.begin(), text.end(),
                       [](char character) { return character >= 0x20 && character <= 0x7E; });
}

std::string quoted(std::string_view text) {
    std::string out = "'";
    for (std::size_t count = 0; !text.empty(); ++count) {
        if (count == most_quoted_characters) {
            out += "...";
            break;
        }
        const std::size_t size = utf8_character_size(text);
        const std::string_view character = text.substr(0, std::max<std::size_t>(size, 1));
        if (size == 0 || is_control_character(character)) {
            append_escaped(out, character);
        } else {
            out += character;
        }
        text.remove_prefix(character.size());
    }
    out += '\'';
    return out;
}

std::optional<std::string_view> nearest_name(std::string_view word, std::span<const std::string_view> names) {
    if (word.size() > longest_likely_name) {
        return std::nullopt;
    }
    // A slip leaves most of the word: one edit in a short word, up to three in a long one.
    std::size_t allowed = std::clamp<std::size_t>(word.size() / 3, 1, 3);
    std::optional<std::string_view> nearest;
    for (const std::string_view name : names) {
        if (name.empty() || name.size() > word.size() + allowed || name.size() + allowed < word.size()) {
            continue;
        }
        const std::size_t distance = edit_distance(word, name);
        if (distance < name.size() && (distance < allowed || (distance == allowed && !nearest))) {
            nearest = name;
            allowed = distance;
        }
    }
    return nearest ? nearest : name_begun_by(word, names);
}

}  // namespace filestore
