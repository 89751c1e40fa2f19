#include "service/schedule/cleanup_scheduler.h"

#include <algorithm>
#include <cstdint>
#include <new>
#include <random>
#include <utility>

#include "core/library_thread.h"
#include "core/try.h"
#include "core/worker_thread.h"

namespace filestore {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;

microseconds up_to(std::chrono::seconds most) {
    const auto ticks = std::chrono::steady_clock::now().time_since_epoch().count();
    std::minstd_rand random(static_cast<std::minstd_rand::result_type>(ticks));
    return microseconds(std::uniform_int_distribution<std::int64_t>(0, microseconds(most).count())(random));
}

}  // namespace

CleanupScheduler::CleanupScheduler(CronSchedule schedule, std::chrono::seconds jitter,
                                   std::shared_ptr<Journal> journal, std::shared_ptr<Clock> clock, Run run,
                                   Told told, SchedulerPauses pauses)
    : schedule_(std::move(schedule)),
      jitter_(jitter),
      journal_(std::move(journal)),
      clock_(std::move(clock)),
      run_(std::move(run)),
      told_(std::move(told)),
      pauses_(pauses) {}

CleanupScheduler::~CleanupScheduler() {
    join_or_detach(thread_);
}

Result<void> CleanupScheduler::start() {
    FILESTORE_TRY(read_next());
    thread_ = start_worker([self = shared_from_this()] { self->run(); });
    return {};
}

void CleanupScheduler::request_stop() noexcept {
    const std::lock_guard lock(mutex_);
    is_stopped_ = true;
    changed_.notify_all();
}

void CleanupScheduler::join() noexcept {
    join_or_detach(thread_);
}

std::optional<Timestamp> CleanupScheduler::next() const {
    const std::lock_guard lock(mutex_);
    return next_;
}

bool CleanupScheduler::is_stopped() const {
    const std::lock_guard lock(mutex_);
    return is_stopped_;
}

void CleanupScheduler::run() noexcept {
    while (!is_stopped()) {
        const milliseconds pause = look();
        std::unique_lock lock(mutex_);
        changed_.wait_for(lock, pause, [this] { return is_stopped_; });
    }
}

/// Answers how long to wait before the next look.
milliseconds CleanupScheduler::look() noexcept {
    try {
        const auto pause = try_to_look();
        if (pause.ok()) {
            return *pause;
        }
        tell(pause.error());
    } catch (const std::bad_alloc&) {
        tell(Error(ErrorCode::no_memory));
    }
    return pauses_.after_failure;
}

Result<milliseconds> CleanupScheduler::try_to_look() {
    FILESTORE_TRY_ASSIGN(const auto next, read_next());
    if (!next) {
        return pauses_.look_again;
    }
    const microseconds left = *next + delay_of(*next) - clock_->now();
    if (left > microseconds(0)) {
        return std::min(std::chrono::ceil<milliseconds>(left), pauses_.look_again);
    }
    return run_alone();
}

Result<milliseconds> CleanupScheduler::run_alone() {
    FILESTORE_TRY_ASSIGN(SessionLock lock, journal_->cleaner_lock());
    FILESTORE_TRY_ASSIGN(const bool taken, lock.take(Catalogue::cleaner_session));
    if (!taken) {
        return pauses_.look_again;
    }
    // Another process may have had the lock and ended its run meanwhile.
    FILESTORE_TRY_ASSIGN(const auto next, read_next());
    const Timestamp began = clock_->now();
    if (!next || *next > began) {
        lock.release();
        return milliseconds(0);
    }
    const auto report = run_();
    // One that failed is made again; so is one that the end of the service cut short, by the next service.
    const auto noted = report.ok() ? journal_->note_cleaned(began) : Result<void>(report.error());
    lock.release();
    FILESTORE_TRY(noted);
    FILESTORE_TRY(read_next());
    tell(report);
    return milliseconds(0);
}

Result<std::optional<Timestamp>> CleanupScheduler::read_next() {
    FILESTORE_TRY_ASSIGN(auto kept_since, journal_->cleaned_at());
    const Timestamp now = clock_->now();
    // A time to come was noted before the clock was set back.
    if (!kept_since || *kept_since > now) {
        FILESTORE_TRY(journal_->note_cleaned(now));
        kept_since = now;
    }
    const auto next = schedule_.next_after(*kept_since);
    const std::lock_guard lock(mutex_);
    next_ = next;
    return next;
}

/// The same for a time however often it is asked.
microseconds CleanupScheduler::delay_of(Timestamp time) {
    if (delayed_ != time) {
        delayed_ = time;
        delay_ = up_to(jitter_);
    }
    return delay_;
}

void CleanupScheduler::tell(const Result<CleanupReport>& report) noexcept {
    if (told_ && !is_stopped()) {
        const LibraryThreadScope scope;
        told_(report);
    }
}

}  // namespace filestore
