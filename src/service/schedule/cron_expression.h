#pragma once

/// Cron expressions, as filestore/schedule.h describes them: read from text, and applied to the time that a clock on the wall shows. Pure functions.

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

#include "filestore/result.h"

namespace filestore {

using WallMinute = std::chrono::local_time<std::chrono::minutes>;

/// A value. Bit N of a field says that it has the value N.
struct CronExpression {
    std::uint64_t minutes = 0;
    std::uint64_t hours = 0;
    std::uint64_t days = 0;
    std::uint64_t months = 0;
    /// 0 is Sunday.
    std::uint64_t weekdays = 0;
    /// Both day fields say something, so that one of them is enough.
    bool one_day_field_is_enough = false;

    [[nodiscard]] bool has_every_hour() const noexcept;
    [[nodiscard]] bool has_day(std::chrono::year_month_day date) const noexcept;

    /// The first time in [from, end) that the expression has.
    [[nodiscard]] std::optional<WallMinute> first_in(WallMinute from, WallMinute end) const noexcept;
};

/// `invalid_argument` for what is no expression, or one that never comes true. The message is an objection: "must be ...", without the expression.
[[nodiscard]] Result<CronExpression> parse_cron_expression(std::string_view text);

}  // namespace filestore
