#include "service/schedule/time_zone.h"

#include <date/tz.h>

#include <exception>
#include <new>
#include <stdexcept>
#include <string>

#include "core/text.h"

namespace filestore {
namespace {

Error database_failure(const std::exception& failure) {
    return Error(ErrorCode::configuration, "the time zones of this system cannot be read (" +
                                               std::string(failure.what()) +
                                               "): install tzdata, or use the time zone UTC");
}

Error unknown_zone(std::string_view name) {
    return Error(ErrorCode::invalid_argument,
                 "the time zone " + quoted(name) +
                     " is not known: give a name such as Europe/Berlin, UTC, or local for the system's");
}

/// Null where there is no such zone.
const date::time_zone* look_up(std::string_view name) {
    if (name == "local") {
        return date::current_zone();
    }
    // Throws where the database is not there, which is no matter of the name.
    date::get_tzdb();
    try {
        return date::locate_zone(name);
    } catch (const std::runtime_error&) {
        return nullptr;
    }
}

}  // namespace

Result<TimeZone> TimeZone::find(std::string_view name) {
    if (name == "UTC") {
        return TimeZone(nullptr);
    }
    try {
        const date::time_zone* const zone = look_up(name);
        if (zone == nullptr) {
            return unknown_zone(name);
        }
        // A zone is read when it is asked first: after this nothing can fail.
        static_cast<void>(zone->get_info(std::chrono::sys_seconds()));
        return TimeZone(zone);
    } catch (const std::bad_alloc&) {
        return Error(ErrorCode::no_memory);
    } catch (const std::exception& failure) {
        return database_failure(failure);
    }
}

OffsetPeriod TimeZone::period_at(std::chrono::sys_seconds time) const {
    if (zone_ == nullptr) {
        return {std::chrono::sys_seconds::min(), std::chrono::sys_seconds::max(), std::chrono::seconds(0)};
    }
    const date::sys_info info = zone_->get_info(time);
    return {info.begin, info.end, info.offset};
}

}  // namespace filestore
