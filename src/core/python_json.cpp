#include "core/python_json.h"

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <system_error>

namespace filestore {

namespace {

constexpr std::size_t unicode_escape_size = 6;

constexpr bool is_word_character(char c) noexcept {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '+' ||
           c == '-' || c == '.';
}

constexpr bool ends_plain_text(char c) noexcept {
    return c == '"' || c == '\\';
}

constexpr bool is_digit(char c) noexcept {
    return c >= '0' && c <= '9';
}

/// Whether a number is past the largest double, and not merely too small for any.
bool is_too_large(std::string_view number) {
    double value = 0;
    const char* end = number.data() + number.size();
    const auto [stopped, failure] = std::from_chars(number.data(), end, value);
    if (failure != std::errc::result_out_of_range || stopped != end) {
        return false;
    }
    // Of a value out of range the sign of its exponent tells the side, unless its digits are many: hundreds before the point.
    const std::size_t exponent = number.find_first_of("eE");
    const std::string_view digits = number.substr(0, exponent);
    constexpr std::size_t many_digits = 300;
    const bool is_long = std::min(digits.find('.'), digits.size()) > many_digits;
    return exponent == std::string_view::npos ? is_long : number.substr(exponent + 1, 1) != "-";
}

bool is_beyond_json(std::string_view word) {
    const std::string_view unsigned_word = word.substr(word.starts_with('-') ? 1 : 0);
    if (word == "NaN" || unsigned_word == "Infinity") {
        return true;
    }
    return !unsigned_word.empty() && is_digit(unsigned_word.front()) && is_too_large(word);
}

/// The code unit of an escape `\uXXXX` at the beginning of `text`.
std::optional<std::uint32_t> escaped_unit(std::string_view text) {
    if (text.size() < unicode_escape_size || !text.starts_with("\\u")) {
        return std::nullopt;
    }
    std::uint32_t unit = 0;
    const char* end = text.data() + unicode_escape_size;
    const auto [stopped, failure] = std::from_chars(text.data() + 2, end, unit, 16);
    return failure == std::errc() && stopped == end ? std::optional(unit) : std::nullopt;
}

bool is_first_half(std::optional<std::uint32_t> unit) {
    return unit && *unit >= 0xD800 && *unit <= 0xDBFF;
}

bool is_second_half(std::optional<std::uint32_t> unit) {
    return unit && *unit >= 0xDC00 && *unit <= 0xDFFF;
}

/// Takes JSON apart from its beginning on. What needs no change is copied in stretches. A value; one thread at a time.
class Rewriter {
public:
    explicit Rewriter(std::string_view json) : kept_(json), rest_(json) { output_.reserve(json.size()); }

    std::string rewrite() && {
        while (!rest_.empty()) {
            if (rest_.front() == '"') {
                string();
            } else if (is_word_character(rest_.front())) {
                word();
            } else {
                keep(1);
            }
        }
        replace(0, "");
        return std::move(output_);
    }

private:
    void keep(std::size_t size) { rest_.remove_prefix(std::min(size, rest_.size())); }

    void replace(std::size_t size, std::string_view by) {
        output_.append(kept_.substr(0, kept_.size() - rest_.size())).append(by);
        rest_.remove_prefix(size);
        kept_ = rest_;
    }

    void word() {
        const auto* end = std::find_if_not(rest_.begin(), rest_.end(), is_word_character);
        const std::string_view word = rest_.substr(0, static_cast<std::size_t>(end - rest_.begin()));
        if (is_beyond_json(word)) {
            replace(word.size(), '"' + std::string(word) + '"');
        } else {
            keep(word.size());
        }
    }

    void string() {
        keep(1);
        while (!rest_.empty() && rest_.front() != '"') {
            if (rest_.front() == '\\') {
                escape();
            } else {
                const auto* end = std::find_if(rest_.begin(), rest_.end(), ends_plain_text);
                keep(static_cast<std::size_t>(end - rest_.begin()));
            }
        }
        keep(1);
    }

    void escape() {
        const auto unit = escaped_unit(rest_);
        if (is_first_half(unit) && is_second_half(escaped_unit(rest_.substr(unicode_escape_size)))) {
            keep(2 * unicode_escape_size);
        } else if (is_first_half(unit) || is_second_half(unit)) {
            replace(unicode_escape_size, "\\ufffd");
        } else {
            keep(2);
        }
    }

    /// What is not in the output yet, and the end of it that was not looked at.
    std::string_view kept_;
    std::string_view rest_;
    std::string output_;
};

}  // namespace

std::string from_python_json(std::string_view json) {
    return Rewriter(json).rewrite();
}

}  // namespace filestore
