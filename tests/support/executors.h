#pragma once

/// Executors of a caller's own.

#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>

#include "core/worker_thread.h"
#include "filestore/executor.h"

namespace filestore::test {

/// Runs nothing until it is told to. Thread-safe.
class ManualExecutor final : public Executor {
public:
    void post(std::function<void()> task) override {
        const std::lock_guard lock(mutex_);
        tasks_.push_back(std::move(task));
    }

    /// Runs one task on this thread; false when there is none.
    bool run_one() {
        std::function<void()> task;
        {
            const std::lock_guard lock(mutex_);
            if (tasks_.empty()) {
                return false;
            }
            task = std::move(tasks_.front());
            tasks_.pop_front();
        }
        task();
        return true;
    }

    void run_all() {
        while (run_one()) {
        }
    }

    [[nodiscard]] std::size_t queued() const {
        const std::lock_guard lock(mutex_);
        return tasks_.size();
    }

private:
    mutable std::mutex mutex_;
    std::deque<std::function<void()>> tasks_;
};

/// One ordinary thread, with the signal mask of whoever makes it. May be destroyed on that thread.
class ThreadExecutor final : public Executor {
public:
    ThreadExecutor() : thread_([state = state_] { run(*state); }) {}
    ~ThreadExecutor() override {
        {
            const std::lock_guard lock(state_->mutex);
            state_->stopping = true;
        }
        state_->changed.notify_one();
        join_or_detach(thread_);
    }

    void post(std::function<void()> task) override {
        {
            const std::lock_guard lock(state_->mutex);
            state_->tasks.push_back(std::move(task));
        }
        state_->changed.notify_one();
    }

    [[nodiscard]] std::thread::id thread_id() const { return thread_.get_id(); }

private:
    struct State {
        std::mutex mutex;
        std::condition_variable changed;
        std::deque<std::function<void()>> tasks;
        bool stopping = false;
    };

    static void run(State& state) {
        std::unique_lock lock(state.mutex);
        while (true) {
            state.changed.wait(lock, [&] { return state.stopping || !state.tasks.empty(); });
            if (state.tasks.empty()) {
                return;
            }
            auto task = std::move(state.tasks.front());
            state.tasks.pop_front();
            lock.unlock();
            task();
            task = nullptr;
            lock.lock();
        }
    }

    std::shared_ptr<State> state_ = std::make_shared<State>();
    std::thread thread_;
};

}  // namespace filestore::test
