#include <algorithm>
#include <condition_variable>
#include <deque>
#include <list>
#include <mutex>
#include <utility>

#include "core/library_thread.h"
#include "core/owner_process.h"
#include "core/worker_thread.h"
#include "filestore/executor.h"

namespace filestore {

Executor::~Executor() = default;

namespace {

/// Shared by the pool and its threads, so that a thread may outlive the pool that it destroys.
struct PoolState {
    std::mutex mutex;
    std::condition_variable work_or_stop;
    std::deque<std::function<void()>> tasks;
    std::list<std::thread> threads;
    /// Threads that ended by themselves and wait to be joined.
    std::list<std::thread> ended;
    unsigned idle = 0;
    bool stopping = false;
};

class ThreadPool final : public Executor {
public:
    explicit ThreadPool(ThreadPoolOptions options)
        : options_(options), state_(std::make_shared<PoolState>()) {
        options_.max_threads = std::max(1U, options_.max_threads);
    }

    ~ThreadPool() override {
        if (!owner_process_.is_current()) {
            abandon(std::move(state_));
            return;
        }
        std::list<std::thread> threads;
        {
            const std::lock_guard lock(state_->mutex);
            state_->stopping = true;
            threads.splice(threads.end(), state_->threads);
            threads.splice(threads.end(), state_->ended);
        }
        state_->work_or_stop.notify_all();
        for (std::thread& thread : threads) {
            join_or_detach(thread);
        }
    }

    void post(std::function<void()> task) override {
        std::list<std::thread> ended;
        {
            const std::lock_guard lock(state_->mutex);
            state_->tasks.push_back(std::move(task));
            ended.swap(state_->ended);
            if (state_->idle < state_->tasks.size() && state_->threads.size() < options_.max_threads) {
                add_thread();
            }
        }
        state_->work_or_stop.notify_one();
        for (std::thread& thread : ended) {
            join_or_detach(thread);
        }
    }

private:
    using ThreadSlot = std::list<std::thread>::iterator;

    void add_thread() {
        const std::size_t before = state_->threads.size();
        try {
            state_->threads.emplace_front();
            const ThreadSlot slot = state_->threads.begin();
            *slot = start_worker(
                [state = state_, slot, idle_time = options_.idle_time] { work(*state, slot, idle_time); });
        } catch (...) {
            // With another thread there the task will be run all the same.
            if (state_->threads.size() > before) {
                state_->threads.pop_front();
            }
            if (state_->threads.empty()) {
                state_->tasks.pop_back();
                throw std::bad_alloc();
            }
        }
    }

    static void work(PoolState& state, ThreadSlot slot, std::chrono::milliseconds idle_time) {
        const LibraryThreadScope scope;
        std::unique_lock lock(state.mutex);
        while (wait_for_task(state, lock, idle_time)) {
            std::function<void()> task = std::move(state.tasks.front());
            state.tasks.pop_front();
            lock.unlock();
            task();
            task = nullptr;
            lock.lock();
        }
        if (!state.stopping) {
            state.ended.splice(state.ended.end(), state.threads, slot);
        }
    }

    /// False when the thread is to end: nothing to do for so long, or the pool is going.
    static bool wait_for_task(PoolState& state, std::unique_lock<std::mutex>& lock,
                              std::chrono::milliseconds idle_time) {
        ++state.idle;
        state.work_or_stop.wait_for(lock, idle_time, [&] { return !state.tasks.empty() || state.stopping; });
        --state.idle;
        return !state.tasks.empty();
    }

    ThreadPoolOptions options_;
    OwnerProcess owner_process_;
    std::shared_ptr<PoolState> state_;
};

}  // namespace

std::shared_ptr<Executor> make_thread_pool(ThreadPoolOptions options) {
    return std::make_shared<ThreadPool>(options);
}

}  // namespace filestore
