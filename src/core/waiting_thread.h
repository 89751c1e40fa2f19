#pragma once

/// The thread that waits for a blocking call, and does the work of the call meanwhile where that work blocks.

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>

#include "core/function_ref.h"
#include "filestore/executor.h"
#include "filestore/result.h"

namespace filestore {

/// Work that goes on only while some thread does it: an event loop. A resource; interrupt() is thread-safe.
class Driven {
public:
    Driven() = default;
    Driven(const Driven&) = delete;
    Driven& operator=(const Driven&) = delete;
    virtual ~Driven() = default;

    /// Works until `is_wanted` answers that this thread has something else to do; what is left then goes on elsewhere. One thread at a time.
    virtual void drive(FunctionRef<bool()> is_wanted) noexcept = 0;

    /// Has drive() ask again, soon.
    virtual void interrupt() noexcept = 0;
};

/// Runs, on the thread that waits, what one call posts. Others than that call may have got it, by a call that a third party's backend starts and does not wait for:
/// what is posted once the wait is over goes to their own executor. A resource held by std::shared_ptr; thread-safe.
class WaitingThread : public Executor, public std::enable_shared_from_this<WaitingThread> {
public:
    /// While it lives, the first call that is started on this thread and can use it may take the waiting thread. One thread.
    class Offer {
    public:
        explicit Offer(WaitingThread& waiting) noexcept : Offer(&waiting) {}
        Offer(const Offer&) = delete;
        Offer& operator=(const Offer&) = delete;
        ~Offer();

    private:
        friend class WaitingThread;
        explicit Offer(WaitingThread* waiting) noexcept;

        WaitingThread* before_;
    };

    /// What a call that is started now is to run on: the waiting thread where one is offered, else `executor`.
    [[nodiscard]] static std::shared_ptr<Executor> or_else(const std::shared_ptr<Executor>& executor);

    /// Whether the thread that runs this waits for a call, or will, and takes it on itself to drive `driven` as long as it has nothing else to do: two threads
    /// that take turns cost more than a small request. It drives one such thing at a time.
    [[nodiscard]] static bool takes(const std::shared_ptr<Driven>& driven) noexcept;

    void post(std::function<void()> task) override;

    /// Offers this thread to what `start` starts, and waits for its end(). `would_deadlock` on a library thread.
    [[nodiscard]] Result<void> run(FunctionRef<void()> start);

    /// Runs what is posted until end(), then leaves. Another call's thread, whose start waits here, is offered to nothing that runs meanwhile: it could not run it.
    void wait();

    /// Hands what was posted and has not begun to its own executor, as what is posted from now on.
    void leave();

    /// Runs `last` under the lock, then lets the thread go on. Does nothing where that has left: what `last` writes to may be gone.
    void end(FunctionRef<void()> last);

private:
    /// While it lives, what runs on this thread may have it drive something.
    class DrivingScope {
    public:
        explicit DrivingScope(WaitingThread* waiting) noexcept;
        DrivingScope(const DrivingScope&) = delete;
        DrivingScope& operator=(const DrivingScope&) = delete;
        ~DrivingScope();

    private:
        WaitingThread* before_;
    };

    [[nodiscard]] std::function<void()> next();
    [[nodiscard]] bool is_wanted();
    void drive();

    std::mutex mutex_;
    std::condition_variable changed_;
    std::function<void()> task_;
    std::shared_ptr<Driven> driven_;
    /// Of the call that took the thread.
    std::shared_ptr<Executor> otherwise_;
    bool is_over_ = false;
    bool has_left_ = false;
};

/// Has the calling thread wait until what `start` starts ends it. `would_deadlock` on a library thread, where nothing is started; `no_memory` where start() found none.
[[nodiscard]] Result<void> wait_for_end(FunctionRef<void(const std::shared_ptr<WaitingThread>&)> start);

}  // namespace filestore
