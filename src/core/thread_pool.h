#pragma once

/// The library's own executor, as its owner inside the library sees it.

#include <memory>

#include "core/owner_process.h"
#include "filestore/executor.h"

namespace filestore {

/// A resource; thread-safe. See make_thread_pool().
class ThreadPool final : public Executor {
public:
    explicit ThreadPool(ThreadPoolOptions options);
    ~ThreadPool() override;

    void post(std::function<void()> task) override;

    /// Runs what is queued and joins every thread: whoever still holds a handle on the pool keeps no thread alive. Not to be called on a thread
    /// of the pool. A later post() starts a thread again.
    void join() noexcept;

private:
    struct State;
    void add_thread();
    void join_ended();

    ThreadPoolOptions options_;
    OwnerProcess owner_process_;
    std::shared_ptr<State> state_;
};

/// The executor that calls run on, and the pool where it is the library's own. A value (shared handles).
struct ExecutorChoice {
    /// The caller's executor; a pool of our own where there is none.
    explicit ExecutorChoice(std::shared_ptr<Executor> callers);

    /// Joins the pool of our own; does nothing to a caller's executor.
    void join() const noexcept;

    std::shared_ptr<Executor> executor;

private:
    std::shared_ptr<ThreadPool> own_pool_;
};

}  // namespace filestore
