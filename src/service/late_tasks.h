#pragma once

/// Work that is to be done some time later, on a thread that exists only while there is any.

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <thread>

#include "filestore/time.h"

namespace filestore {

struct LateTaskPauses {
    /// So often the clock, which may have been set, is looked at again.
    std::chrono::milliseconds look_again{60'000};
    /// Between batches of tasks that are due.
    std::chrono::milliseconds between{1'000};
    /// So many tasks are kept.
    std::size_t most = 10'000;
};

/// A resource held by std::shared_ptr; thread-safe.
class LateTasks : public std::enable_shared_from_this<LateTasks> {
public:
    explicit LateTasks(std::shared_ptr<Clock> clock, LateTaskPauses pauses = {});
    LateTasks(const LateTasks&) = delete;
    LateTasks& operator=(const LateTasks&) = delete;
    ~LateTasks();

    /// Calls `task`, which may block and does not throw, at `due` or up to LateTaskPauses::look_again later: by the clock, or once so much time has gone by, however the clock was set meanwhile. False where there is no room for it. Where the system gives no thread now, a later call tries again. May throw
    /// std::bad_alloc.
    [[nodiscard]] bool add(Timestamp due, std::function<void()> task);

    /// Those that are due need not wait for the end of a pause.
    void look() noexcept;

    /// Drops every task, also later ones, and joins the thread, unless it is called on a library thread.
    void close() noexcept;

private:
    static constexpr std::size_t most_at_once = 16;

    struct Task {
        std::chrono::steady_clock::time_point due;
        std::function<void()> work;
    };
    using Tasks = std::multimap<Timestamp, Task>;

    [[nodiscard]] Tasks::iterator find_due() noexcept;
    void ensure_running() noexcept;
    void run() noexcept;
    void run_due(std::unique_lock<std::mutex>& lock) noexcept;
    [[nodiscard]] std::chrono::milliseconds pause() const noexcept;

    const std::shared_ptr<Clock> clock_;
    const LateTaskPauses pauses_;
    std::mutex mutex_;
    std::condition_variable changed_;
    /// By the clock.
    Tasks tasks_;
    std::thread thread_;
    bool is_running_ = false;
    bool has_to_look_ = false;
    bool is_closed_ = false;
};

}  // namespace filestore
