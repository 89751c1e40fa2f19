#pragma once

/// The calls that a backend or service has under way: what close() cancels and waits for.

#include <condition_variable>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <utility>

#include "core/library_thread.h"
#include "core/owner_process.h"
#include "core/worker_thread.h"
#include "filestore/call.h"
#include "filestore/result.h"

namespace filestore {

/// Registers calls. A resource, held by std::shared_ptr; thread-safe.
class PendingCalls : public std::enable_shared_from_this<PendingCalls> {
public:
    /// One call under way: its stop token is triggered by the caller's token and by close(). Ends with its last handle.
    class Call {
    public:
        Call(std::shared_ptr<PendingCalls> owner, const std::stop_token& callers);
        Call(const Call&) = delete;
        Call& operator=(const Call&) = delete;
        ~Call();

        [[nodiscard]] std::stop_token token() const noexcept { return stop_.get_token(); }

    private:
        friend class PendingCalls;
        struct RequestStop {
            std::stop_source stop;
            void operator()() noexcept { stop.request_stop(); }
        };

        std::shared_ptr<PendingCalls> owner_;
        std::stop_source stop_;
        std::stop_callback<RequestStop> link_;
        /// Where it is registered; nothing until it is.
        std::optional<std::list<Call*>::iterator> place_;
    };

    /// Registers a call; after close() its token is triggered from the start. `forked` in a child of the process that
    /// made this object: answer with complete_on_new_thread().
    [[nodiscard]] Result<std::shared_ptr<Call>> begin(const std::stop_token& callers);

    /// Cancels every call and refuses new ones; waits until all have ended, except on a library thread. In a forked
    /// child it does nothing.
    void close() noexcept;

    /// Whether this process is a child of the one that made this object.
    [[nodiscard]] bool forked() const noexcept;

private:
    std::mutex mutex_;
    std::condition_variable all_ended_;
    std::list<Call*> calls_;
    bool closed_ = false;
    OwnerProcess owner_process_;
};

/// Answers `done` from a thread of its own: for a forked child, where the executor's threads do not exist.
template <class T>
void complete_on_new_thread(Completion<T> done, Result<T> result) {
    start_worker([done = std::move(done), result = std::move(result)]() mutable {
        const LibraryThreadScope scope;
        done(std::move(result));
    }).detach();
}

}  // namespace filestore
