#pragma once

/// Time zones: what a clock on the wall shows. The only place that knows the library of time zones.

#include <chrono>
#include <string_view>

#include "filestore/result.h"

namespace date {
class time_zone;
}

namespace filestore {

/// The times [begin, end) in which a zone's clock is `offset` before UTC. A value.
struct OffsetPeriod {
    std::chrono::sys_seconds begin;
    std::chrono::sys_seconds end;
    std::chrono::seconds offset;
};

/// A value, immutable. The library of time zones keeps its zones as long as the process runs.
class TimeZone {
public:
    /// See CronSchedule::parse().
    [[nodiscard]] static Result<TimeZone> find(std::string_view name);

    [[nodiscard]] OffsetPeriod period_at(std::chrono::sys_seconds time) const;

private:
    explicit TimeZone(const date::time_zone* zone) noexcept : zone_(zone) {}

    /// Null: UTC, for which no database is needed.
    const date::time_zone* zone_;
};

}  // namespace filestore
