#include "serve/days.h"

#include <algorithm>
#include <optional>

#include "serve/decimal.h"

namespace filestore::tool::serve {

namespace {

constexpr std::int64_t least_days = 1;
constexpr std::int64_t most_days = 36'500;

bool is_digit(char character) {
    return character >= '0' && character <= '9';
}

std::string_view trimmed(std::string_view text) {
    constexpr std::string_view blanks = " \t\n\r\v\f";
    const std::size_t begin = text.find_first_not_of(blanks);
    return begin == std::string_view::npos ? std::string_view()
                                           : text.substr(begin, text.find_last_not_of(blanks) - begin + 1);
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
    } else if (*number > most_days) {
        days.invalid = invalid("less_than_equal", "Input should be less than or equal to 36500", *text,
                               R"({"le":36500})");
    } else {
        days.number = static_cast<unsigned>(*number);
    }
    return days;
}

}  // namespace filestore::tool::serve
