#include "core/http_date.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>

#include "core/text.h"

namespace filestore {

namespace {

constexpr std::array<std::string_view, 7> day_names = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
constexpr std::array<std::string_view, 12> month_names = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                          "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
/// Digits and names are where the zeros stand.
constexpr std::string_view shape = "xxx, 00 xxx 0000 00:00:00 GMT";

bool has_shape(std::string_view text) {
    return std::equal(text.begin(), text.end(), shape.begin(), shape.end(), [](char c, char wanted) {
        if (wanted == '0') {
            return c >= '0' && c <= '9';
        }
        return wanted == 'x' || c == wanted;
    });
}

int number_at(std::string_view text, std::size_t position, std::size_t digits) {
    int number = 0;
    std::from_chars(text.data() + position, text.data() + position + digits, number);
    return number;
}

void put_number(std::string& text, std::size_t position, std::size_t digits, unsigned number) {
    for (std::size_t at = position + digits; at > position; --at) {
        text[at - 1] = static_cast<char>('0' + number % 10);
        number /= 10;
    }
}

}  // namespace

Result<Timestamp> parse_http_date(std::string_view text) {
    const auto bad = [text] {
        return Error(ErrorCode::corrupt, "the server sent " + quoted(text) + " where a date belongs");
    };
    if (!has_shape(text)) {
        return bad();
    }
    const auto month = std::find(month_names.begin(), month_names.end(), text.substr(8, 3));
    const std::chrono::year_month_day date(
        std::chrono::year(number_at(text, 12, 4)),
        std::chrono::month(static_cast<unsigned>(month - month_names.begin()) + 1),
        std::chrono::day(static_cast<unsigned>(number_at(text, 5, 2))));
    const int hour = number_at(text, 17, 2);
    const int minute = number_at(text, 20, 2);
    const int second = number_at(text, 23, 2);
    if (!date.ok() || hour > 23 || minute > 59 || second > 60) {
        return bad();
    }
    return Timestamp(std::chrono::sys_days(date).time_since_epoch() + std::chrono::hours(hour) +
                     std::chrono::minutes(minute) + std::chrono::seconds(second));
}

std::string format_http_date(Timestamp time) {
    const auto day = std::chrono::floor<std::chrono::days>(time);
    const std::chrono::year_month_day date(day);
    const std::chrono::hh_mm_ss clock(std::chrono::floor<std::chrono::seconds>(time) - day);
    std::string text(shape);
    text.replace(0, 3, day_names[std::chrono::weekday(day).c_encoding()]);
    put_number(text, 5, 2, static_cast<unsigned>(date.day()));
    text.replace(8, 3, month_names[static_cast<unsigned>(date.month()) - 1]);
    put_number(text, 12, 4, static_cast<unsigned>(static_cast<int>(date.year())));
    put_number(text, 17, 2, static_cast<unsigned>(clock.hours().count()));
    put_number(text, 20, 2, static_cast<unsigned>(clock.minutes().count()));
    put_number(text, 23, 2, static_cast<unsigned>(clock.seconds().count()));
    return text;
}

}  // namespace filestore
