#pragma once

/// Runs a cleanup at the times of a schedule, on a thread of its own.
///
/// The catalogue keeps for which time cleanups have been run, for all processes that use it; who runs one holds a lock that ends with its process. So a time that no process was there
/// for is caught up, once however many passed, and a run that was killed or failed is made again.

#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>

#include "filestore/cleanup.h"
#include "filestore/result.h"
#include "filestore/schedule.h"
#include "filestore/time.h"
#include "service/journal.h"

namespace filestore {

struct SchedulerPauses {
    /// So often the clock, which may have been set, and what other processes did are looked at again.
    std::chrono::milliseconds look_again{60'000};
    /// Before a run that failed is made again.
    std::chrono::milliseconds after_failure{300'000};
};

/// A resource held by std::shared_ptr; thread-safe.
class CleanupScheduler : public std::enable_shared_from_this<CleanupScheduler> {
public:
    /// Both are called on the scheduler's thread, and may block.
    using Run = std::function<Result<CleanupReport>()>;
    using Told = std::function<void(const Result<CleanupReport>&)>;

    /// A run begins up to `jitter` later than its time, by chance; one that is caught up begins at once where that is past.
    CleanupScheduler(CronSchedule schedule, std::chrono::seconds jitter, std::shared_ptr<Journal> journal,
                     std::shared_ptr<Clock> clock, Run run, Told told, SchedulerPauses pauses = {});
    CleanupScheduler(const CleanupScheduler&) = delete;
    CleanupScheduler& operator=(const CleanupScheduler&) = delete;
    ~CleanupScheduler();

    /// Notes since when the schedule is kept, where that is not noted yet, and starts the thread. Once. May throw std::bad_alloc.
    [[nodiscard]] Result<void> start();

    /// Nothing is run from now on. Does not end the run under way.
    void request_stop() noexcept;
    /// Waits for the thread's end.
    void join() noexcept;

    /// The time that is to be run next, without its jitter; past where a run is under way or to be made again. Nothing where the schedule has no further one.
    [[nodiscard]] std::optional<Timestamp> next() const;

private:
    void run() noexcept;
    [[nodiscard]] std::chrono::milliseconds look() noexcept;
    [[nodiscard]] Result<std::chrono::milliseconds> try_to_look();
    [[nodiscard]] Result<std::chrono::milliseconds> run_alone();
    [[nodiscard]] Result<std::optional<Timestamp>> read_next();
    [[nodiscard]] std::chrono::microseconds delay_of(Timestamp time);
    void tell(const Result<CleanupReport>& report) noexcept;
    [[nodiscard]] bool is_stopped() const;

    const CronSchedule schedule_;
    const std::chrono::seconds jitter_;
    const std::shared_ptr<Journal> journal_;
    const std::shared_ptr<Clock> clock_;
    const Run run_;
    const Told told_;
    const SchedulerPauses pauses_;

    // Of the thread.
    Timestamp delayed_{};
    std::chrono::microseconds delay_{};

    mutable std::mutex mutex_;
    std::condition_variable changed_;
    std::thread thread_;
    std::optional<Timestamp> next_;
    bool is_stopped_ = false;
};

}  // namespace filestore
