#include "filestore/schedule.h"

#include "arguments.h"

using namespace filestore;

int32_t filestore_schedule_create(const char* expression, const char* time_zone,
                                  filestore_schedule** schedule, filestore_error** err) noexcept {
    return capi::guard(err, [&]() -> Result<void> {
        FILESTORE_TRY(capi::clear_output(schedule, "schedule"));
        FILESTORE_TRY(capi::require(expression, "expression"));
        FILESTORE_TRY_ASSIGN(CronSchedule parsed,
                             CronSchedule::parse(expression, time_zone != nullptr ? time_zone : "UTC"));
        *schedule = capi::make_handle<filestore_schedule>(std::move(parsed));
        return {};
    });
}

int32_t filestore_schedule_next(const filestore_schedule* schedule, int64_t after, int64_t* at,
                                filestore_error** err) noexcept {
    return capi::guard(err, [&]() -> Result<void> {
        FILESTORE_TRY(capi::clear_output(at, "at"));
        FILESTORE_TRY(capi::require(schedule, "schedule"));
        const auto next = schedule->schedule.next_after(Timestamp(std::chrono::microseconds(after)));
        if (!next) {
            return Error(ErrorCode::not_found, "the schedule has no later time before the year 9999");
        }
        *at = capi::microseconds_of(*next);
        return {};
    });
}

void filestore_schedule_destroy(filestore_schedule* schedule) noexcept {
    capi::guard_destroy(schedule);
}
