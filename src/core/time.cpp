#include "filestore/time.h"

#include <algorithm>
#include <cstdint>
#include <optional>

#include "core/text.h"

namespace filestore {

namespace {

using std::chrono::microseconds;

/// What four digits of a year can say.
constexpr Timestamp earliest = std::chrono::sys_days(std::chrono::year(0) / 1 / 1);
constexpr Timestamp latest =
    std::chrono::sys_days(std::chrono::year(9999) / 12 / 31) + std::chrono::days(1) - microseconds(1);

constexpr int most_fraction_digits = 9;
constexpr int kept_fraction_digits = 6;

/// Takes a text apart from its front. Every function leaves the text as it was when it answers no.
class Scanner {
public:
    explicit Scanner(std::string_view text) : rest_(text) {}

    [[nodiscard]] bool at_end() const { return rest_.empty(); }

    bool take(char character) { return take_one_of(std::string_view(&character, 1)).has_value(); }

    std::optional<char> take_one_of(std::string_view characters) {
        if (rest_.empty() || characters.find(rest_.front()) == std::string_view::npos) {
            return std::nullopt;
        }
        const char taken = rest_.front();
        rest_.remove_prefix(1);
        return taken;
    }

    std::optional<int> take_digit() {
        const auto digit = take_one_of("0123456789");
        return digit ? std::optional<int>(*digit - '0') : std::nullopt;
    }

    /// A number of exactly `count` digits.
    std::optional<int> take_number(int count) {
        const std::string_view before = rest_;
        int number = 0;
        for (int i = 0; i < count; ++i) {
            const auto digit = take_digit();
            if (!digit) {
                rest_ = before;
                return std::nullopt;
            }
            number = number * 10 + *digit;
        }
        return number;
    }

private:
    std::string_view rest_;
};

std::optional<std::chrono::sys_days> scan_date(Scanner& scanner) {
    const auto year = scanner.take_number(4);
    const bool first_dash = scanner.take('-');
    const auto month = scanner.take_number(2);
    const bool second_dash = scanner.take('-');
    const auto day = scanner.take_number(2);
    if (!year || !first_dash || !month || !second_dash || !day) {
        return std::nullopt;
    }
    const std::chrono::year_month_day date{std::chrono::year(*year),
                                           std::chrono::month(static_cast<unsigned>(*month)),
                                           std::chrono::day(static_cast<unsigned>(*day))};
    if (!date.ok()) {
        return std::nullopt;
    }
    return std::chrono::sys_days(date);
}

/// The fraction with its point; nothing at all is a fraction of zero.
std::optional<microseconds> scan_fraction(Scanner& scanner) {
    if (!scanner.take('.')) {
        return microseconds(0);
    }
    std::int64_t fraction = 0;
    int digits = 0;
    for (auto digit = scanner.take_digit(); digit; digit = scanner.take_digit(), ++digits) {
        if (digits < kept_fraction_digits) {
            fraction = fraction * 10 + *digit;
        }
    }
    if (digits == 0 || digits > most_fraction_digits) {
        return std::nullopt;
    }
    for (; digits < kept_fraction_digits; ++digits) {
        fraction *= 10;
    }
    return microseconds(fraction);
}

/// `Z` or `+hh:mm`.
std::optional<std::chrono::minutes> scan_offset(Scanner& scanner) {
    if (scanner.take_one_of("Zz")) {
        return std::chrono::minutes(0);
    }
    const auto sign = scanner.take_one_of("+-");
    const auto hours = scanner.take_number(2);
    const bool colon = scanner.take(':');
    const auto minutes = scanner.take_number(2);
    if (!sign || !hours || *hours > 23 || !colon || !minutes || *minutes > 59) {
        return std::nullopt;
    }
    const std::chrono::minutes offset = std::chrono::hours(*hours) + std::chrono::minutes(*minutes);
    return *sign == '-' ? -offset : offset;
}

/// A leap second is the last one of a day in UTC; the system's clock counts it as the first one of the next
/// day.
bool is_end_of_day(std::chrono::sys_seconds time) {
    return std::chrono::floor<std::chrono::days>(time) == time;
}

std::optional<Timestamp> scan_timestamp(Scanner& scanner) {
    const auto date = scan_date(scanner);
    const bool separator = scanner.take_one_of("Tt").has_value();
    const auto hour = scanner.take_number(2);
    const bool first_colon = scanner.take(':');
    const auto minute = scanner.take_number(2);
    const bool second_colon = scanner.take(':');
    const auto second = scanner.take_number(2);
    const auto fraction = scan_fraction(scanner);
    const auto offset = scan_offset(scanner);
    if (!date || !separator || !hour || !first_colon || !minute || !second_colon || !second || !fraction ||
        !offset) {
        return std::nullopt;
    }
    if (*hour > 23 || *minute > 59 || *second > 60 || !scanner.at_end()) {
        return std::nullopt;
    }
    const std::chrono::sys_seconds whole = *date + std::chrono::hours(*hour) + std::chrono::minutes(*minute) +
                                           std::chrono::seconds(*second) - *offset;
    if (*second == 60 && !is_end_of_day(whole)) {
        return std::nullopt;
    }
    const Timestamp time = whole + *fraction;
    return time >= earliest && time <= latest ? std::optional(time) : std::nullopt;
}

void append_number(std::string& text, std::int64_t number, std::size_t width) {
    const std::string digits = std::to_string(number);
    text.append(width - std::min(width, digits.size()), '0');
    text += digits;
}

class SystemClock final : public Clock {
public:
    [[nodiscard]] Timestamp now() const noexcept override {
        return std::chrono::floor<microseconds>(std::chrono::system_clock::now());
    }
};

}  // namespace

std::string format_timestamp(Timestamp time) {
    time = std::clamp(time, earliest, latest);
    const auto day = std::chrono::floor<std::chrono::days>(time);
    const std::chrono::year_month_day date(day);
    const std::chrono::hh_mm_ss clock(time - day);
    std::string text;
    text.reserve(27);
    append_number(text, static_cast<int>(date.year()), 4);
    text += '-';
    append_number(text, static_cast<unsigned>(date.month()), 2);
    text += '-';
    append_number(text, static_cast<unsigned>(date.day()), 2);
    text += 'T';
    append_number(text, clock.hours().count(), 2);
    text += ':';
    append_number(text, clock.minutes().count(), 2);
    text += ':';
    append_number(text, clock.seconds().count(), 2);
    text += '.';
    append_number(text, clock.subseconds().count(), 6);
    text += 'Z';
    return text;
}

Result<Timestamp> parse_timestamp(std::string_view text) {
    Scanner scanner(text);
    if (const auto time = scan_timestamp(scanner)) {
        return *time;
    }
    return Error(
        ErrorCode::invalid_argument,
        quoted(text) + " is not a time: write it as RFC 3339 does, for example 2026-01-31T23:59:59Z");
}

Clock::~Clock() = default;

std::shared_ptr<Clock> system_clock() {
    return std::make_shared<SystemClock>();
}

}  // namespace filestore
