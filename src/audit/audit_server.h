#pragma once

/// The table of a Supabase project, as the outbox tells it what happened.

#include <functional>
#include <memory>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

#include "audit/delivery.h"
#include "audit/exchanges.h"
#include "core/reactor.h"
#include "core/thread_pool.h"
#include "filestore/audit.h"
#include "http/transport.h"

namespace filestore {

/// A resource; thread-safe. Touches no network, and starts no thread, before the first tell().
class AuditServer {
public:
    /// `options` are complete: nothing is read from the environment. `configuration` for a URL or key that cannot be one, `invalid_argument` for such a table.
    [[nodiscard]] static Result<std::shared_ptr<AuditServer>> open(const AuditOptions& options);
    AuditServer(const AuditServer&) = delete;
    AuditServer& operator=(const AuditServer&) = delete;
    ~AuditServer();

    /// Makes the table's rows those of the entries, and says of which that is done. Blocks, for 40 seconds at most. May be repeated in whole or in part, with the effect of once.
    [[nodiscard]] std::vector<Verdict> tell(std::span<const OutboxEntry> entries,
                                            const std::stop_token& cancel);

    /// Whether the table takes an upload that nothing is the matter with; it is not there afterwards. Blocks, as above.
    [[nodiscard]] bool takes_a_row(Timestamp now, const std::stop_token& cancel);

    /// The answer to one request, which may be sent several times: the rows of one that reads, nothing of one that writes. What passes by itself is tried again a few times. Blocks, for a minute and a half at most.
    /// Failures: `unavailable` and the like, `unauthenticated`, `permission_denied`,
    /// `configuration` (the table is not as it must be); `timeout` and `cancelled`.
    [[nodiscard]] Result<std::string> ask(const postgrest::Request& request, const CallOptions& limits);

    /// The same for several requests, a few of which are under way at a time: their answers, in their order.
    [[nodiscard]] Result<std::vector<std::string>> ask_all(std::vector<postgrest::Request> requests,
                                                           const CallOptions& limits);

    /// Queues work that asks. It runs on a thread of the server's own, so that nobody else's waits for an answer; a few at a time. May throw std::bad_alloc, and then has queued nothing.
    void post(std::function<void()> work);

    [[nodiscard]] const std::string& table() const noexcept { return correspondent_.table; }

    /// Ends requests under way; later ones are refused. Waits for work that was queued. Not to be called on a library thread.
    void close() noexcept;

private:
    AuditServer(Correspondent correspondent, const AuditOptions& options);

    const Correspondent correspondent_;
    const std::shared_ptr<Reactor> reactor_;
    const std::shared_ptr<http::Transport> transport_;
    ThreadPool askers_;
};

}  // namespace filestore
