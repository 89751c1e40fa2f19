#include "serve/days.h"

#include <algorithm>
#include <array>
#include <optional>

#include "serve/decimal.h"

namespace filestore::tool::serve {

namespace {

constexpr std::int64_t least_days = 1;
/// Of a number, in characters.
constexpr std::size_t longest_number = 4'300;
/// White_Space of Unicode.
constexpr std::array<std::string_view, 25> blanks{
    "\t",     "\n",     "\v",     "\f",     "\r",     " ",      "\u0085", "\u00A0", "\u1680",
    "\u2000", "\u2001", "\u2002", "\u2003", "\u2004", "\u2005", "\u2006", "\u2007", "\u2008",
    "\u2009", "\u200A", "\u2028", "\u2029", "\u202F", "\u205F", "\u3000"};

bool is_digit(char character) {
    return character >= '0' && character <= '9';
}

/// Of the one that stands where `stands` looks; 0 where none does.
template <class Stands>
std::size_t size_of_blank(Stands stands) {
    const auto* const blank = std::find_if(blanks.begin(), blanks.end(), stands);
    return blank == blanks.end() ? 0 : blank->size();
}

std::string_view trimmed(std::string_view text) {
    while (const std::size_t size = size_of_blank([text](auto blank) { return text.starts_with(blank); })) {
        text.remove_prefix(size);
    }
    while (const std::size_t size = size_of_blank([text](auto blank) { return text.ends_with(blank); })) {
        text.remove_suffix(size);
    }
    return text;
}

/// `30.0` is a whole number, too.
std::string_view without_zero_fraction(std::string_view text) {
    const std::size_t point = text.find('.');
    const bool is_zero = point != std::string_view::npos && point + 1 < text.size() && point > 0 &&
                         text.find_first_not_of('0', point + 1) == std::string_view::npos;
    return is_zero ? text.substr(0, point) : text;
}

/// Single underscores between digits are left out; nothing where anything else stands there.
std::optional<std::string> digits_of(std::string_view text) {
    std::string digits;
    for (std::size_t place = 0; place < text.size(); ++place) {
        const bool is_between =
            place > 0 && place + 1 < text.size() && is_digit(text[place - 1]) && is_digit(text[place + 1]);
        if (is_digit(text[place])) {
            digits += text[place];
        } else if (text[place] != '_' || !is_between) {
            return std::nullopt;
        }
    }
    return digits.empty() ? std::nullopt : std::optional(digits);
}

/// A number that is too large for the type is told as the largest of its sign.
std::optional<std::int64_t> whole_number(std::string_view text) {
    text = trimmed(text);
    const bool is_negative = !text.empty() && text.front() == '-';
    const bool has_sign = is_negative || (!text.empty() && text.front() == '+');
    const auto digits = digits_of(without_zero_fraction(text.substr(has_sign ? 1 : 0)));
    if (!digits) {
        return std::nullopt;
    }
    const auto number = static_cast<std::int64_t>(std::min<std::uint64_t>(*decimal(*digits), INT64_MAX));
    return is_negative ? -number : number;
}

InvalidInput invalid(std::string_view type, std::string message, const std::string& input,
                     std::string context) {
    return {type, "query", "days", std::move(message), json_text(input), std::move(context)};
}

}  // namespace

Days parse_days(const std::string* text) {
    Days days;
    if (text == nullptr) {
        return days;
    }
    const auto number = whole_number(*text);
    if (!number) {
        days.invalid =
            invalid("int_parsing", "Input should be a valid integer, unable to parse string as an integer",
                    *text, {});
    } else if (*number < least_days) {
        days.invalid =
            invalid("greater_than_equal", "Input should be greater than or equal to 1", *text, R"({"ge":1})");
    } else if (text->size() > longest_number) {
        days.invalid =
            invalid("int_parsing_size", "Unable to parse input string as an integer, exceeded maximum size",
                    *text, {});
    } else {
        days.number = static_cast<std::uint64_t>(*number);
    }
    return days;
}

}  // namespace filestore::tool::serve
