#pragma once

/// `CronSchedule`: when something that is to run again and again runs next.
///
///     auto nightly = filestore::CronSchedule::parse("0 2 * * *", "Europe/Berlin");
///     auto next = nightly->next_after(filestore::system_clock()->now());
///
/// An expression has five fields, separated by blanks: minute (0-59), hour (0-23), day of the month (1-31), month (1-12 or JAN-DEC) and
/// day of the week (0-7 or SUN-SAT; 0 and 7 are Sunday). A field is a list, separated by commas, of
///
///     *            every value             */15         every 15th value, from the smallest on
///     5            this value              5/15         every 15th value, from this one on
///     1-5          these values            1-20/5       every 5th of these, from the first on
///
/// Names count in any case. A range goes upwards, and may end with SUN. A day matches where both day fields do; where neither of them is just
/// `*`, it matches where one of them does: `0 0 13 * FRI` is each 13th and each Friday. In place of five fields stands `@yearly` or `@annually`
/// (`0 0 1 1 *`), `@monthly` (`0 0 1 * *`), `@weekly` (`0 0 * * 0`), `@daily` or `@midnight` (`0 0 * * *`) or `@hourly` (`0 * * * *`).
///
/// Times are those of the clock in the schedule's time zone. Where that clock is put forward or back:
/// - A schedule of every hour (whose hour field has all 24) keeps its rhythm: times that the clock leaves out are left out, and those that it shows twice count
///   twice.
/// - Any other schedule runs once for each of its times: at the moment when the clock is put forward for those that it leaves out (once for all of them), and the
///   first time only for those that it shows twice.
/// The tables of the system that are read end with 2037: after that a zone keeps the offset that it has then.

#include <memory>
#include <optional>
#include <string_view>

#include "filestore/export.h"
#include "filestore/result.h"
#include "filestore/time.h"

namespace filestore {

/// A value: cheap to copy, immutable, so safe from any thread.
class FILESTORE_API CronSchedule {
public:
    /// `time_zone` is a name of the IANA time zone database ("Europe/Berlin"), "UTC", or "local" for the zone that the system has now (its /etc/localtime; the variable TZ is not looked at). Blocks: for a zone other
    /// than UTC the system's database is read. Failures: `invalid_argument` (the expression is wrong, or names a day that never comes, as `0 0 30 2 *`
    /// does; the time zone is not known), `configuration` (the system has no time zone database, or it cannot be read), `no_memory`.
    [[nodiscard]] static Result<CronSchedule> parse(std::string_view expression,
                                                    std::string_view time_zone = "UTC");

    /// The first time of the schedule that is later than `time`: a whole minute of the zone's clock. Nothing where there is none before the year 9999.
    [[nodiscard]] std::optional<Timestamp> next_after(Timestamp time) const noexcept;

private:
    struct Rule;
    explicit CronSchedule(std::shared_ptr<const Rule> rule) noexcept;
    std::shared_ptr<const Rule> rule_;
};

}  // namespace filestore
