#include "filestore/schedule.h"

#include <algorithm>
#include <chrono>
#include <new>
#include <string>

#include "core/text.h"
#include "core/try.h"
#include "service/schedule/cron_expression.h"
#include "service/schedule/time_zone.h"

namespace filestore {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;
using std::chrono::sys_seconds;

constexpr sys_seconds earliest = std::chrono::sys_days(std::chrono::year(0) / 1 / 1);
constexpr sys_seconds latest = std::chrono::sys_days(std::chrono::year(9999) / 1 / 1);

/// The first whole minute that a clock of this offset shows at `time` or later.
WallMinute wall_minute(sys_seconds time, seconds offset) {
    return WallMinute(std::chrono::ceil<minutes>(time.time_since_epoch() + offset));
}

sys_seconds time_of(WallMinute minute, seconds offset) {
    return sys_seconds(minute.time_since_epoch() - offset);
}

}  // namespace

struct CronSchedule::Rule {
    CronExpression expression;
    TimeZone zone;

    /// The first time in the period that is at least `from`, which lies in it.
    [[nodiscard]] std::optional<sys_seconds> first_in(const OffsetPeriod& period, sys_seconds from) const {
        WallMinute first = wall_minute(from, period.offset);
        if (period.begin > earliest && !expression.has_every_hour()) {
            const seconds offset_before = zone.period_at(period.begin - seconds(1)).offset;
            const WallMinute shown_before = wall_minute(period.begin, offset_before);
            const WallMinute begin = wall_minute(period.begin, period.offset);
            if (from == period.begin && expression.first_in(shown_before, begin)) {
                return period.begin;
            }
            first = std::max(first, shown_before);
        }
        const WallMinute end = wall_minute(std::min(period.end, latest), period.offset);
        const auto found = expression.first_in(first, end);
        return found ? std::optional(time_of(*found, period.offset)) : std::nullopt;
    }
};

Result<CronSchedule> CronSchedule::parse(std::string_view expression, std::string_view time_zone) {
    try {
        auto parsed = parse_cron_expression(expression);
        if (!parsed.ok()) {
            return Error(ErrorCode::invalid_argument,
                         "the schedule " + quoted(expression) + " " + std::string(parsed.error().message()));
        }
        FILESTORE_TRY_ASSIGN(const TimeZone zone, TimeZone::find(time_zone));
        return CronSchedule(std::make_shared<const Rule>(Rule{*parsed, zone}));
    } catch (const std::bad_alloc&) {
        return Error(ErrorCode::no_memory);
    }
}

CronSchedule::CronSchedule(std::shared_ptr<const Rule> rule) noexcept : rule_(std::move(rule)) {}

std::optional<Timestamp> CronSchedule::next_after(Timestamp time) const noexcept {
    sys_seconds from = std::max(std::chrono::floor<seconds>(time) + seconds(1), earliest);
    while (from < latest) {
        const OffsetPeriod period = rule_->zone.period_at(from);
        if (const auto found = rule_->first_in(period, from)) {
            return *found;
        }
        from = period.end;
    }
    return std::nullopt;
}

}  // namespace filestore
