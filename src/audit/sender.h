#pragma once

/// Empties the outbox of a catalogue: tells an audit server what waits there, on a thread that exists only while there is something to tell.
///
/// Of all processes that use a catalogue one sends at a time: who holds the lock of session 0. The others look again now and then, as long as something waits.

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <thread>
#include <vector>

#include "audit/audit_server.h"
#include "audit/catalogue.h"
#include "audit/delivery_rounds.h"
#include "audit/sender_pauses.h"
#include "core/pending_answer.h"
#include "core/reactor.h"
#include "filestore/executor.h"
#include "filestore/time.h"

namespace filestore {

/// A resource held by std::shared_ptr; thread-safe.
class Sender : public std::enable_shared_from_this<Sender> {
public:
    /// See AuditOptions::on_delivery; may be empty.
    using Told = std::function<void(const std::optional<Error>&)>;

    Sender(std::shared_ptr<AuditServer> server, std::shared_ptr<Executor> executor,
           std::shared_ptr<Clock> clock, Told told, SenderPauses pauses = {});
    Sender(const Sender&) = delete;
    Sender& operator=(const Sender&) = delete;
    ~Sender();

    /// Something was recorded in the catalogue. Starts the thread where there is none; where the system gives none, the next call tries again.
    void wake(const std::shared_ptr<Catalogue>& catalogue) noexcept;

    /// Answers once nothing waits that waits now: a success where it was told or parked, `timeout` at the deadline, and before that what keeps it waiting where that does not
    /// pass by itself. Reads the catalogue on the calling thread. May throw std::bad_alloc.
    void flush(const std::shared_ptr<Catalogue>& catalogue,
               std::optional<std::chrono::steady_clock::time_point> deadline,
               const PendingAnswerPtr<void>& answer);

    /// Answers once nothing of the file waits: as flush(), and `rejected` where it is parked. Something of it was recorded.
    void flush_file(const std::shared_ptr<Catalogue>& catalogue, const FileId& id,
                    std::optional<std::chrono::steady_clock::time_point> deadline,
                    const PendingAnswerPtr<void>& answer);

    /// Ends what is under way; what was not told stays in the outbox. Blocks, unless it is called on a library thread.
    void close() noexcept;

private:
    class Waiter;
    class Host;
    struct Round : RoundOutcome {
        /// Another process is sending.
        bool is_elsewhere = false;
    };

    void wait(const std::shared_ptr<Catalogue>& catalogue, const std::shared_ptr<Waiter>& waiter,
              std::optional<std::chrono::steady_clock::time_point> deadline);
    void use(const std::shared_ptr<Catalogue>& catalogue) noexcept;
    [[nodiscard]] bool ensure_running() noexcept;
    void run() noexcept;
    void pause_behind(const Round& round, std::unique_lock<std::mutex>& lock);
    [[nodiscard]] std::chrono::milliseconds pause_for(const Round& round);
    [[nodiscard]] SenderPauses pauses() const;
    [[nodiscard]] static Round stopped_by(Error error);
    [[nodiscard]] Round send_all() noexcept;
    [[nodiscard]] Result<Round> try_to_send_all();
    [[nodiscard]] Result<bool> something_waits();
    [[nodiscard]] Result<bool> may_go(const Waiter& waiter);
    void answer_waiters(const Round& round) noexcept;
    void answer(Waiter& waiter, const Round& round);
    void tell(const Round& round) noexcept;

    const std::shared_ptr<AuditServer> server_;
    const std::shared_ptr<Executor> executor_;
    const std::shared_ptr<Clock> clock_;
    const Told told_;
    const SenderPauses pauses_;
    const std::shared_ptr<Reactor> reactor_;
    std::stop_source stop_;

    // Of the thread.
    DeliveryRounds rounds_;
    /// What told_ was called with; nothing before the first time.
    std::optional<std::optional<Error>> last_told_;

    std::mutex mutex_;
    std::condition_variable changed_;
    std::shared_ptr<Catalogue> catalogue_;
    std::thread thread_;
    std::list<std::shared_ptr<Waiter>> waiters_;
    unsigned failures_ = 0;
    bool is_running_ = false;
    /// Something was recorded since the last round began.
    bool has_news_ = false;
    /// The thread pauses until there are news. Else it looks for them by itself, and need not be woken by each.
    bool hears_news_ = false;
    /// Somebody waits, so that the pause after a failure is ended once.
    bool is_urgent_ = false;
    bool is_closed_ = false;
};

}  // namespace filestore
