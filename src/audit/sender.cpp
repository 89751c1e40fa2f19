#include "audit/sender.h"

#include <algorithm>
#include <atomic>
#include <functional>
#include <limits>
#include <new>
#include <random>
#include <string>
#include <utility>

#include "audit/session_lock.h"
#include "core/library_thread.h"
#include "core/try.h"
#include "core/worker_thread.h"

namespace filestore {
namespace {

using postgrest::Refusal;
using postgrest::Refused;

constexpr std::int64_t sender_session = 0;
constexpr std::size_t most_bytes = std::size_t{1} << 20U;
/// So long a thread without work stays.
constexpr std::chrono::milliseconds idle_time{500};
/// So often it is looked whether another process has told everything or has ended.
constexpr std::chrono::milliseconds look_again{1'000};
constexpr std::chrono::milliseconds look_again_for_waiters{50};

std::minstd_rand seeded_by_time() {
    const auto ticks = std::chrono::steady_clock::now().time_since_epoch().count();
    return std::minstd_rand(static_cast<std::minstd_rand::result_type>(ticks));
}

/// Between a half and all of it.
std::chrono::milliseconds shortened_by_chance(std::chrono::milliseconds pause) {
    thread_local std::minstd_rand random = seeded_by_time();
    const auto half = pause.count() / 2;
    return std::chrono::milliseconds(half + std::uniform_int_distribution<std::int64_t>(0, half)(random));
}

}  // namespace

/// Somebody who waits in flush() or flush_file().
class Sender::Waiter final : public Wake::Target {
public:
    /// Whether it need wait no more; a failure is its answer.
    using Condition = std::function<Result<bool>(Outbox&)>;

    Waiter(Condition has_ended_well, PendingAnswerPtr<void> answer, std::shared_ptr<Executor> executor)
        : condition_(std::move(has_ended_well)), answer_(std::move(answer)), executor_(std::move(executor)) {
        on_stop_.emplace(answer_->token(), Cancel{this});
    }

    [[nodiscard]] Result<bool> may_go(Outbox& outbox) const { return condition_(outbox); }
    [[nodiscard]] bool has_ended() const noexcept { return has_ended_.load(); }

    void end(Result<void> result) noexcept {
        if (!has_ended_.exchange(true)) {
            answer_->post(*executor_, std::move(result));
        }
    }

    void note(const Error& reason) {
        const std::lock_guard lock(mutex_);
        reason_ = reason;
    }

    /// At the deadline.
    void wake() noexcept override {
        try {
            end(too_late());
        } catch (const std::bad_alloc&) {
            end(Error(ErrorCode::no_memory));
        }
    }

    void wake_when_ready(int, bool) noexcept override { wake(); }

private:
    struct Cancel {
        Waiter* waiter;
        void operator()() const noexcept { waiter->end(Error(ErrorCode::cancelled)); }
    };

    Error too_late() {
        const std::lock_guard lock(mutex_);
        std::string message =
            "the audit server could not yet be told everything; what is left stays in the outbox";
        message += reason_ ? ": " + std::string(reason_->message()) : "";
        return Error(ErrorCode::timeout, std::move(message));
    }

    const Condition condition_;
    const PendingAnswerPtr<void> answer_;
    const std::shared_ptr<Executor> executor_;
    std::atomic<bool> has_ended_{false};
    std::mutex mutex_;
    std::optional<Error> reason_;
    std::optional<std::stop_callback<Cancel>> on_stop_;
};

Sender::Sender(std::shared_ptr<AuditServer> server, std::shared_ptr<Executor> executor,
               std::shared_ptr<Clock> clock, SenderPauses pauses)
    : server_(std::move(server)),
      executor_(std::move(executor)),
      clock_(std::move(clock)),
      pauses_(pauses),
      reactor_(std::make_shared<Reactor>()) {}

Sender::~Sender() {
    join_or_detach(thread_);
}

void Sender::wake(const std::shared_ptr<Catalogue>& catalogue) noexcept {
    const std::lock_guard lock(mutex_);
    use(catalogue);
    has_news_ = true;
    static_cast<void>(ensure_running());
}

void Sender::flush(const std::shared_ptr<Catalogue>& catalogue,
                   std::optional<std::chrono::steady_clock::time_point> deadline,
                   const PendingAnswerPtr<void>& answer) {
    std::int64_t up_to = 0;
    const auto read = catalogue->read_outbox([&](Outbox& outbox) -> Result<void> {
        FILESTORE_TRY_ASSIGN(up_to, outbox.last_number());
        return {};
    });
    if (!read.ok() || up_to == 0) {
        return answer->give(read);
    }
    const auto is_told = [up_to](Outbox& outbox) -> Result<bool> {
        FILESTORE_TRY_ASSIGN(const bool waits, outbox.has_up_to(up_to));
        return !waits;
    };
    wait(catalogue, std::make_shared<Waiter>(is_told, answer, executor_), deadline);
}

void Sender::flush_file(const std::shared_ptr<Catalogue>& catalogue, const FileId& id,
                        std::optional<std::chrono::steady_clock::time_point> deadline,
                        const PendingAnswerPtr<void>& answer) {
    const auto is_told = [id](Outbox& outbox) -> Result<bool> {
        FILESTORE_TRY_ASSIGN(const bool waits, outbox.has(id.text()));
        FILESTORE_TRY_ASSIGN(const auto reason, outbox.reason_of(id.text()));
        if (!waits && reason) {
            return Error(ErrorCode::rejected, *reason);
        }
        return !waits;
    };
    wait(catalogue, std::make_shared<Waiter>(is_told, answer, executor_), deadline);
}

void Sender::wait(const std::shared_ptr<Catalogue>& catalogue, const std::shared_ptr<Waiter>& waiter,
                  std::optional<std::chrono::steady_clock::time_point> deadline) {
    const std::lock_guard lock(mutex_);
    use(catalogue);
    if (is_closed_) {
        return waiter->end(Error(ErrorCode::cancelled));
    }
    waiters_.push_back(waiter);
    is_urgent_ = true;
    if (!ensure_running()) {
        return waiter->end(Error(ErrorCode::no_memory));
    }
    if (deadline) {
        reactor_->wake_at(*deadline, waiter);
    }
}

void Sender::close() noexcept {
    {
        const std::lock_guard lock(mutex_);
        is_closed_ = true;
        changed_.notify_all();
    }
    stop_.request_stop();
    if (on_library_thread()) {
        return;
    }
    if (thread_.joinable()) {
        thread_.join();
    }
    server_->close();
    reactor_->join();
}

/// Once it runs, the thread reads the handle without the lock.
void Sender::use(const std::shared_ptr<Catalogue>& catalogue) noexcept {
    if (!catalogue_) {
        catalogue_ = catalogue;
    }
}

bool Sender::ensure_running() noexcept {
    changed_.notify_all();
    if (is_running_ || is_closed_) {
        return true;
    }
    try {
        join_or_detach(thread_);
        thread_ = start_worker([self = shared_from_this()] { self->run(); });
        is_running_ = true;
    } catch (const std::bad_alloc&) {
        return false;
    }
    return true;
}

void Sender::run() noexcept {
    const LibraryThreadScope scope;
    std::unique_lock lock(mutex_);
    while (!is_closed_) {
        has_news_ = false;
        is_urgent_ = false;
        lock.unlock();
        const Round round = send_all();
        answer_waiters(round);
        lock.lock();
        std::erase_if(waiters_, [](const auto& waiter) { return waiter->has_ended(); });
        pause_after(round, lock);
        failures_ = round.stopped ? failures_ + 1 : 0;
        if (round.is_done && !has_news_ && waiters_.empty()) {
            break;
        }
    }
    is_running_ = false;
}

/// What is recorded after a failure waits with the rest.
void Sender::pause_after(const Round& round, std::unique_lock<std::mutex>& lock) {
    changed_.wait_for(lock, pause_for(round),
                      [&] { return is_closed_ || is_urgent_ || (has_news_ && round.is_done); });
}

std::chrono::milliseconds Sender::pause_for(const Round& round) {
    if (round.is_done) {
        return idle_time;
    }
    if (round.is_elsewhere) {
        return waiters_.empty() ? look_again : look_again_for_waiters;
    }
    constexpr unsigned most_doublings = 20;
    const auto doubled = pauses_.first * (std::int64_t{1} << std::min(failures_, most_doublings));
    const auto longest = waiters_.empty() ? pauses_.longest : std::min(pauses_.longest, look_again);
    const auto pause = shortened_by_chance(std::min(doubled, longest));
    const auto wanted = round.stopped ? round.stopped->retry_after : std::nullopt;
    return wanted ? std::max<std::chrono::milliseconds>(pause, *wanted) : pause;
}

Sender::Round Sender::send_all() noexcept {
    try {
        auto round = try_to_send_all();
        if (round.ok()) {
            return std::move(*round);
        }
        // Of the catalogue: it fails file operations, too, and is tried again.
        return {false, false, Refused{Refusal::for_now, round.error(), {}}};
    } catch (const std::bad_alloc&) {
        return {false, false, Refused{Refusal::for_now, Error(ErrorCode::no_memory), {}}};
    }
}

Result<Sender::Round> Sender::try_to_send_all() {
    FILESTORE_TRY_ASSIGN(const bool waits, something_waits());
    if (!waits) {
        return Round{true, false, std::nullopt};
    }
    SessionLock lock(Catalogue::session_file(catalogue_->path()));
    FILESTORE_TRY_ASSIGN(const bool taken, lock.take(sender_session));
    if (!taken) {
        return Round{false, true, std::nullopt};
    }
    auto round = send_batches();
    lock.release();
    return round;
}

/// Goes through the outbox once. What fails for now, or perhaps for what it is, while something else succeeds is left for the next round, so that it keeps nothing behind it waiting.
Result<Sender::Round> Sender::send_batches() {
    std::optional<Refused> left;
    std::int64_t behind = std::exchange(begin_behind_, 0);
    if (behind > 0) {
        left = failed_alone_;
    } else if (failed_alone_) {
        batch_size_ = 1;
    }
    while (!stop_.stop_requested()) {
        FILESTORE_TRY_ASSIGN(const std::vector<OutboxEntry> batch, take_batch(behind));
        if (batch.empty()) {
            return Round{!left, false, std::move(left)};
        }
        auto delivery = deliver(batch, [&](auto part) { return server_->tell(part, stop_.get_token()); });
        FILESTORE_TRY(settle(delivery));
        const bool waits = delivery.stopped && delivery.stopped->refusal == Refusal::for_now;
        if (behind == 0 && !waits) {
            failed_alone_.reset();
        }
        behind = batch.back().number;
        adapt_size(batch.size(), delivery);
        if (delivery.stopped) {
            const bool got_on = !delivery.delivered.empty() || !delivery.refused.empty();
            if (!got_on || !(waits || delivery.stopped->perhaps_of_a_row)) {
                note_failure(batch, *delivery.stopped);
                return Round{false, false, std::move(delivery.stopped)};
            }
            left = std::move(delivery.stopped);
        }
        // Who waits for some of it need not wait for the rest.
        answer_waiters({});
    }
    return Round{};
}

/// A batch may fail because it is too much for the server's time limits.
void Sender::adapt_size(std::size_t told, const Delivery& delivery) noexcept {
    const bool failed = delivery.stopped && delivery.stopped->refusal == Refusal::for_now;
    batch_size_ = failed ? std::max<std::size_t>(told / 2, 1) : std::min(batch_size_ * 2, most_entries);
}

/// The next round passes over an entry that has failed alone; the one after it begins with that entry again, alone.
void Sender::note_failure(const std::vector<OutboxEntry>& batch, const Refused& refused) {
    if (batch.size() == 1 && refused.refusal == Refusal::for_now) {
        begin_behind_ = batch.front().number;
        failed_alone_ = refused;
    }
}

Result<std::vector<OutboxEntry>> Sender::take_batch(std::int64_t behind) {
    std::vector<OutboxEntry> batch;
    const auto used = catalogue_->use_outbox([&](Outbox& outbox) -> Result<void> {
        FILESTORE_TRY_ASSIGN(batch, outbox.take(behind, batch_size_, most_bytes, clock_->now()));
        return {};
    });
    return used.ok() ? Result<std::vector<OutboxEntry>>(std::move(batch)) : used.error();
}

Result<void> Sender::settle(const Delivery& delivery) {
    return catalogue_->use_outbox([&](Outbox& outbox) -> Result<void> {
        FILESTORE_TRY(outbox.delivered(delivery.delivered));
        for (const RefusedEntry& refused : delivery.refused) {
            FILESTORE_TRY(outbox.park(refused.entry, refused.reason.message(), clock_->now()));
        }
        return {};
    });
}

Result<bool> Sender::something_waits() {
    bool waits = false;
    const auto used = catalogue_->read_outbox([&](Outbox& outbox) -> Result<void> {
        FILESTORE_TRY_ASSIGN(waits, outbox.has_up_to(std::numeric_limits<std::int64_t>::max()));
        return {};
    });
    return used.ok() ? Result<bool>(waits) : used.error();
}

Result<bool> Sender::may_go(const Waiter& waiter) {
    bool may_go = false;
    const auto used = catalogue_->read_outbox([&](Outbox& outbox) -> Result<void> {
        FILESTORE_TRY_ASSIGN(may_go, waiter.may_go(outbox));
        return {};
    });
    return used.ok() ? Result<bool>(may_go) : used.error();
}

/// Without memory they are answered after a later round.
void Sender::answer_waiters(const Round& round) noexcept {
    try {
        std::list<std::shared_ptr<Waiter>> waiters;
        {
            const std::lock_guard lock(mutex_);
            waiters = waiters_;
        }
        for (const auto& waiter : waiters) {
            answer(*waiter, round);
        }
    } catch (const std::bad_alloc&) {
        return;
    }
}

void Sender::answer(Waiter& waiter, const Round& round) {
    const auto told = may_go(waiter);
    if (told.ok() && *told) {
        waiter.end({});
    } else if (!told.ok() && told.error().code() == ErrorCode::rejected) {
        waiter.end(told.error());
    } else if (round.stopped && round.stopped->refusal != Refusal::for_now) {
        waiter.end(round.stopped->error);
    } else if (round.stopped) {
        waiter.note(round.stopped->error);
    }
}

}  // namespace filestore
