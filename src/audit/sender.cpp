#include "audit/sender.h"

#include <algorithm>
#include <atomic>
#include <functional>
#include <limits>
#include <new>
#include <string>
#include <utility>

#include "audit/session_lock.h"
#include "core/library_thread.h"
#include "core/same_kind.h"
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

/// The catalogue's outbox and the server, for the rounds.
class Sender::Host final : public RoundsHost {
public:
    explicit Host(Sender& sender) : sender_(sender) {}

    Result<std::vector<OutboxEntry>> take(std::int64_t behind, std::size_t most) override {
        std::vector<OutboxEntry> batch;
        FILESTORE_TRY(sender_.catalogue_->use_outbox([&](Outbox& outbox) -> Result<void> {
            FILESTORE_TRY_ASSIGN(batch, outbox.take(behind, most, most_bytes, sender_.clock_->now()));
            return {};
        }));
        return batch;
    }

    std::vector<Verdict> tell(std::span<const OutboxEntry> entries) override {
        return sender_.server_->tell(entries, sender_.stop_.get_token());
    }

    bool takes_a_row() override {
        return sender_.server_->takes_a_row(sender_.clock_->now(), sender_.stop_.get_token());
    }

    Result<void> settle(const Delivery& delivery) override {
        return sender_.catalogue_->use_outbox([&](Outbox& outbox) -> Result<void> {
            FILESTORE_TRY(outbox.delivered(delivery.delivered));
            for (const RefusedEntry& refused : delivery.refused) {
                FILESTORE_TRY(outbox.park(refused.entry, refused.reason.message(), sender_.clock_->now()));
            }
            return {};
        });
    }

    /// Who waits for some of it need not wait for the rest.
    bool goes_on() override {
        sender_.answer_waiters({});
        return !sender_.stop_.stop_requested();
    }

    bool has_news() override {
        const std::lock_guard lock(sender_.mutex_);
        return sender_.has_news_;
    }

    std::chrono::steady_clock::time_point now() override { return std::chrono::steady_clock::now(); }

private:
    Sender& sender_;
};

Sender::Sender(std::shared_ptr<AuditServer> server, std::shared_ptr<Executor> executor,
               std::shared_ptr<Clock> clock, Told told, SenderPauses pauses)
    : server_(std::move(server)),
      executor_(std::move(executor)),
      clock_(std::move(clock)),
      told_(std::move(told)),
      pauses_(pauses),
      reactor_(std::make_shared<Reactor>()) {}

Sender::~Sender() {
    join_or_detach(thread_);
}

void Sender::wake(const std::shared_ptr<Catalogue>& catalogue) noexcept {
    const std::lock_guard lock(mutex_);
    use(catalogue);
    has_news_ = true;
    if (hears_news_ || !is_running_) {
        static_cast<void>(ensure_running());
    }
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
        tell(round);
        lock.lock();
        std::erase_if(waiters_, [](const auto& waiter) { return waiter->has_ended(); });
        pause_behind(round, lock);
        failures_ = round.got_on || !round.stopped ? 0 : failures_ + (round.next_try ? 0 : 1);
        if (round.is_done && !has_news_ && waiters_.empty()) {
            break;
        }
    }
    is_running_ = false;
}

/// What is recorded after a failure waits with the rest.
void Sender::pause_behind(const Round& round, std::unique_lock<std::mutex>& lock) {
    hears_news_ = round.is_done || round.next_try;
    changed_.wait_for(lock, pause_for(round),
                      [&] { return is_closed_ || is_urgent_ || (has_news_ && hears_news_); });
    hears_news_ = false;
}

std::chrono::milliseconds Sender::pause_for(const Round& round) {
    if (round.is_done) {
        return idle_time;
    }
    if (round.is_elsewhere) {
        return waiters_.empty() ? look_again : look_again_for_waiters;
    }
    if (round.next_try) {
        const auto left = *round.next_try - std::chrono::steady_clock::now();
        return std::min(std::chrono::ceil<std::chrono::milliseconds>(left), pauses().longest);
    }
    const auto pause = pause_after(failures_, pauses());
    const auto wanted = round.stopped ? round.stopped->retry_after : std::nullopt;
    return wanted ? std::max<std::chrono::milliseconds>(pause, *wanted) : pause;
}

/// Of the catalogue, which is tried again also where who waits need not.
Sender::Round Sender::stopped_by(Error error) {
    const bool lasts = error.code() == ErrorCode::corrupt || error.code() == ErrorCode::configuration;
    Round round;
    round.stopped = Refused{lasts ? Refusal::of_the_table : Refusal::for_now, std::move(error), {}};
    return round;
}

/// Shorter ones where somebody waits.
SenderPauses Sender::pauses() const {
    SenderPauses pauses = pauses_;
    if (!waiters_.empty()) {
        pauses.longest = std::min(pauses.longest, look_again);
    }
    return pauses;
}

Sender::Round Sender::send_all() noexcept {
    try {
        auto round = try_to_send_all();
        if (round.ok()) {
            return std::move(*round);
        }
        // Of the catalogue: it fails file operations, too, and is tried again.
        return stopped_by(round.error());
    } catch (const std::bad_alloc&) {
        return stopped_by(Error(ErrorCode::no_memory));
    }
}

Result<Sender::Round> Sender::try_to_send_all() {
    FILESTORE_TRY_ASSIGN(const bool waits, something_waits());
    if (!waits) {
        Round done;
        done.is_done = true;
        return done;
    }
    SessionLock lock(Catalogue::session_file(catalogue_->path()));
    FILESTORE_TRY_ASSIGN(const bool taken, lock.take(sender_session));
    if (!taken) {
        Round elsewhere;
        elsewhere.is_elsewhere = true;
        return elsewhere;
    }
    SenderPauses pauses;
    {
        const std::lock_guard guard(mutex_);
        pauses = this->pauses();
    }
    Host host(*this);
    auto outcome = rounds_.run(host, pauses);
    lock.release();
    return outcome.ok() ? Result<Round>(Round{std::move(*outcome)}) : outcome.error();
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

/// What ends with the service is no trouble of the server.
void Sender::tell(const Round& round) noexcept {
    if (!told_ || round.is_elsewhere || stop_.stop_requested()) {
        return;
    }
    const auto reason = round.stopped ? std::optional(round.stopped->error) : std::nullopt;
    if (!last_told_ || !are_of_one_kind(*last_told_, reason)) {
        last_told_ = reason;
        told_(reason);
    }
}

}  // namespace filestore
