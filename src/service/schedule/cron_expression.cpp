#include "service/schedule/cron_expression.h"

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <span>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "core/ascii.h"
#include "core/text.h"
#include "core/try.h"

namespace filestore {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::minutes;

constexpr auto month_names = std::to_array<std::string_view>(
    {"jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"});
constexpr auto weekday_names =
    std::to_array<std::string_view>({"sun", "mon", "tue", "wed", "thu", "fri", "sat"});

/// What may stand in a field.
struct FieldRule {
    std::string_view name;
    unsigned least;
    /// What `*` ends with.
    unsigned most;
    /// The largest number that may be written.
    unsigned most_written;
    /// Of the values from `least` on.
    std::span<const std::string_view> names{};
};

constexpr unsigned written_sunday = 7;

constexpr FieldRule minute_rule{"minute", 0, 59, 59};
constexpr FieldRule hour_rule{"hour", 0, 23, 23};
constexpr FieldRule day_rule{"day", 1, 31, 31};
constexpr FieldRule month_rule{"month", 1, 12, 12, month_names};
constexpr FieldRule weekday_rule{"weekday", 0, 6, written_sunday, weekday_names};

constexpr auto short_forms = std::to_array<std::pair<std::string_view, std::string_view>>({
    {"@yearly", "0 0 1 1 *"},
    {"@annually", "0 0 1 1 *"},
    {"@monthly", "0 0 1 * *"},
    {"@weekly", "0 0 * * 0"},
    {"@daily", "0 0 * * *"},
    {"@midnight", "0 0 * * *"},
    {"@hourly", "0 * * * *"},
});

constexpr std::uint64_t bit(unsigned value) {
    return std::uint64_t{1} << value;
}

constexpr std::uint64_t bits_between(unsigned first, unsigned last, unsigned step) {
    std::uint64_t bits = 0;
    for (unsigned value = first; value <= last; value += step) {
        bits |= bit(value);
    }
    return bits;
}

Error objection(std::string text) {
    return Error(ErrorCode::invalid_argument, std::move(text));
}

std::vector<std::string_view> split(std::string_view text, std::string_view separators) {
    std::vector<std::string_view> parts;
    for (;;) {
        const std::size_t end = text.find_first_of(separators);
        parts.push_back(text.substr(0, end));
        if (end == std::string_view::npos) {
            return parts;
        }
        text.remove_prefix(end + 1);
    }
}

std::vector<std::string_view> words_of(std::string_view text) {
    std::vector<std::string_view> words = split(text, " \t");
    std::erase_if(words, [](std::string_view word) { return word.empty(); });
    return words;
}

std::optional<unsigned> read_number(std::string_view text) {
    unsigned number = 0;
    const char* end = text.data() + text.size();
    const auto [stopped, failure] = std::from_chars(text.data(), end, number);
    return failure == std::errc() && stopped == end ? std::optional(number) : std::nullopt;
}

Result<unsigned> read_value(std::string_view text, const FieldRule& rule) {
    for (unsigned i = 0; i < rule.names.size(); ++i) {
        if (equal_ignoring_case(rule.names[i], text)) {
            return rule.least + i;
        }
    }
    const auto number = read_number(text);
    if (!number || *number < rule.least || *number > rule.most_written) {
        return objection("must have a " + std::string(rule.name) + " from " + std::to_string(rule.least) +
                         " to " + std::to_string(rule.most_written) +
                         (rule.names.empty() ? "" : " or a name of three letters") + ", not " +
                         filestore::quoted(text));
    }
    return *number;
}

Result<unsigned> read_step(std::string_view text, const FieldRule& rule) {
    const unsigned most = rule.most - rule.least + 1;
    const auto step = read_number(text);
    if (!step || *step < 1 || *step > most) {
        return objection("must have a step of the " + std::string(rule.name) + " from 1 to " +
                         std::to_string(most) + ", not " + filestore::quoted(text));
    }
    return *step;
}

/// What a list has between its commas.
Result<std::uint64_t> read_element(std::string_view text, const FieldRule& rule) {
    const auto parts = split(text, "/");
    if (parts.size() > 2) {
        return objection("must have one step in " + filestore::quoted(text));
    }
    unsigned step = 1;
    if (parts.size() == 2) {
        FILESTORE_TRY_ASSIGN(step, read_step(parts[1], rule));
    }
    if (parts[0] == "*") {
        return bits_between(rule.least, rule.most, step);
    }
    const auto ends = split(parts[0], "-");
    if (ends.size() > 2) {
        return objection("must have a range of two ends, not " + filestore::quoted(parts[0]));
    }
    FILESTORE_TRY_ASSIGN(const unsigned first, read_value(ends[0], rule));
    if (ends.size() == 1) {
        const unsigned last = parts.size() == 2 ? std::max(first, rule.most) : first;
        return bits_between(first, last, step);
    }
    FILESTORE_TRY_ASSIGN(unsigned last, read_value(ends[1], rule));
    if (rule.most_written == written_sunday && last == 0 && first > 0) {
        last = written_sunday;
    }
    if (last < first) {
        return objection("must have a range that goes upwards, not " + filestore::quoted(parts[0]) +
                         "; write it as two");
    }
    return bits_between(first, last, step);
}

Result<std::uint64_t> read_field(std::string_view text, const FieldRule& rule) {
    std::uint64_t bits = 0;
    for (const std::string_view element : split(text, ",")) {
        FILESTORE_TRY_ASSIGN(const std::uint64_t some, read_element(element, rule));
        bits |= some;
    }
    return bits;
}

std::string names_of_short_forms() {
    std::string names;
    for (const auto& [name, fields] : short_forms) {
        names += names.empty() ? "" : ", ";
        names += name;
    }
    return names;
}

Error not_an_expression(std::string_view word) {
    std::array<std::string_view, short_forms.size()> names;
    std::transform(short_forms.begin(), short_forms.end(), names.begin(),
                   [](const auto& form) { return form.first; });
    const auto nearest = word.starts_with('@') ? nearest_name(word, names) : std::nullopt;
    return objection("must be five cron fields (minute hour day month weekday) or one of " +
                     names_of_short_forms() +
                     (nearest ? "; did you mean '" + std::string(*nearest) + "'?" : std::string()));
}

Result<CronExpression> read_fields(std::span<const std::string_view> words) {
    CronExpression expression;
    FILESTORE_TRY_ASSIGN(expression.minutes, read_field(words[0], minute_rule));
    FILESTORE_TRY_ASSIGN(expression.hours, read_field(words[1], hour_rule));
    FILESTORE_TRY_ASSIGN(expression.days, read_field(words[2], day_rule));
    FILESTORE_TRY_ASSIGN(expression.months, read_field(words[3], month_rule));
    FILESTORE_TRY_ASSIGN(const std::uint64_t weekdays, read_field(words[4], weekday_rule));
    expression.weekdays = (weekdays | (weekdays >> written_sunday)) & ~bit(written_sunday);
    expression.one_day_field_is_enough = words[2] != "*" && words[4] != "*";
    return expression;
}

/// Every day of a month comes on every day of the week within some years, so that only the length of months can rule one out.
bool ever_comes_true(const CronExpression& expression) {
    if (expression.one_day_field_is_enough) {
        return true;
    }
    constexpr auto longest = std::to_array<unsigned>({31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31});
    const auto first_day = static_cast<unsigned>(std::countr_zero(expression.days));
    for (unsigned month = 1; month <= longest.size(); ++month) {
        if ((expression.months & bit(month)) != 0 && first_day <= longest[month - 1]) {
            return true;
        }
    }
    return false;
}

/// The first value of the field that is at least `from`.
std::optional<unsigned> first_value(std::uint64_t field, unsigned from) {
    const std::uint64_t rest = from < 64 ? field >> from : 0;
    return rest == 0 ? std::nullopt : std::optional(from + static_cast<unsigned>(std::countr_zero(rest)));
}

/// The first time of a day that is at least `from`, after midnight.
std::optional<minutes> first_time_of_day(const CronExpression& expression, minutes from) {
    const auto from_hour = static_cast<unsigned>(from / hours(1));
    const auto from_minute = static_cast<unsigned>(from % hours(1) / minutes(1));
    if ((expression.hours & bit(from_hour)) != 0) {
        if (const auto minute = first_value(expression.minutes, from_minute)) {
            return hours(from_hour) + minutes(*minute);
        }
    }
    const auto hour = first_value(expression.hours, from_hour + 1);
    const auto minute = first_value(expression.minutes, 0);
    return hour ? std::optional(hours(*hour) + minutes(minute.value_or(0))) : std::nullopt;
}

}  // namespace

bool CronExpression::has_every_hour() const noexcept {
    return hours == bits_between(hour_rule.least, hour_rule.most, 1);
}

bool CronExpression::has_day(std::chrono::year_month_day date) const noexcept {
    if ((months & bit(static_cast<unsigned>(date.month()))) == 0) {
        return false;
    }
    const std::chrono::weekday weekday{std::chrono::local_days(date)};
    const bool day_fits = (days & bit(static_cast<unsigned>(date.day()))) != 0;
    const bool weekday_fits = (weekdays & bit(weekday.c_encoding())) != 0;
    return one_day_field_is_enough ? day_fits || weekday_fits : day_fits && weekday_fits;
}

std::optional<WallMinute> CronExpression::first_in(WallMinute from, WallMinute end) const noexcept {
    for (auto day = std::chrono::floor<std::chrono::days>(from); day < end;
         day += std::chrono::days(1), from = day) {
        if (!has_day(std::chrono::year_month_day(day))) {
            continue;
        }
        if (const auto time = first_time_of_day(*this, from - day)) {
            const WallMinute found = day + *time;
            return found < end ? std::optional(found) : std::nullopt;
        }
    }
    return std::nullopt;
}

Result<CronExpression> parse_cron_expression(std::string_view text) {
    auto words = words_of(text);
    if (words.size() == 1) {
        const auto* const form =
            std::find_if(short_forms.begin(), short_forms.end(),
                         [&](const auto& candidate) { return candidate.first == words[0]; });
        if (form == short_forms.end()) {
            return not_an_expression(words[0]);
        }
        words = words_of(form->second);
    }
    if (words.size() != 5) {
        return not_an_expression({});
    }
    FILESTORE_TRY_ASSIGN(const CronExpression expression, read_fields(words));
    if (!ever_comes_true(expression)) {
        return objection("must name a day that comes: no month that it has is as long");
    }
    return expression;
}

}  // namespace filestore
