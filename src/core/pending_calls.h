#pragma once

/// The calls that a backend or service has under way: what close() cancels and waits for.

#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>

#include "core/owner_process.h"
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
        /// Its neighbours among the registered ones, under the owner's lock.
        Call* before_ = nullptr;
        Call* after_ = nullptr;
        bool is_registered_ = false;
    };

    /// Registers a call. `cancelled` after close(), `forked` in a child of the process that made this object. May throw std::bad_alloc.
    [[nodiscard]] Result<std::shared_ptr<Call>> begin(const std::stop_token& callers);

    /// Cancels every call and refuses new ones. True once all have ended; false at once on a library thread, which a call may need, and in a
    /// forked child, where there is nothing to wait for.
    bool close() noexcept;

    /// Whether this process is a child of the one that made this object.
    [[nodiscard]] bool forked() const noexcept;

private:
    [[nodiscard]] std::optional<std::stop_source> next_to_stop() noexcept;
    void link(Call& call) noexcept;
    void unlink(Call& call) noexcept;

    std::mutex mutex_;
    std::condition_variable all_ended_;
    /// The latest of the registered ones.
    Call* first_ = nullptr;
    bool closed_ = false;
    OwnerProcess owner_process_;
};

}  // namespace filestore
