#include "core/thread_pool.h"

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <list>
#include <mutex>
#include <new>
#include <utility>

#include "core/library_thread.h"
#include "core/worker_thread.h"

namespace filestore {

Executor::~Executor() = default;

/// Shared by the pool and its threads, so that a thread may outlive the pool that it destroys.
struct ThreadPool::State {
    using ThreadSlot = std::list<std::thread>::iterator;

    std::mutex mutex;
    std::condition_variable work_or_stop;
    std::deque<std::function<void()>> tasks;
    std::list<std::thread> threads;
    /// Threads that ended by themselves and wait to be joined.
    std::list<std::thread> ended;
    unsigned idle = 0;
    bool stopping = false;

    void work(ThreadSlot slot, std::chrono::milliseconds idle_time) {
        const LibraryThreadScope scope;
        std::unique_lock lock(mutex);
        while (wait_for_task(lock, idle_time)) {
            std::function<void()> task = std::move(tasks.front());
            tasks.pop_front();
            lock.unlock();
            task();
            task = nullptr;
            lock.lock();
        }
        if (!stopping) {
            ended.splice(ended.end(), threads, slot);
        }
    }

    /// False when the thread is to end: nothing to do for so long, or the pool is going.
    bool wait_for_task(std::unique_lock<std::mutex>& lock, std::chrono::milliseconds idle_time) {
        ++idle;
        work_or_stop.wait_for(lock, idle_time, [this] { return !tasks.empty() || stopping; });
        --idle;
        return !tasks.empty();
    }

    /// Takes the threads over from a pool whose `stopping` is set: they end once nothing is queued.
    std::list<std::thread> take_threads() {
        std::list<std::thread> taken;
        taken.splice(taken.end(), threads);
        taken.splice(taken.end(), ended);
        return taken;
    }
};

ThreadPool::ThreadPool(ThreadPoolOptions options) : options_(options), state_(std::make_shared<State>()) {
    options_.max_threads = std::max(1U, options_.max_threads);
}

ThreadPool::~ThreadPool() {
    if (!owner_process_.is_current()) {
        abandon(std::move(state_));
        return;
    }
    std::list<std::thread> threads;
    {
        const std::lock_guard lock(state_->mutex);
        state_->stopping = true;
        threads = state_->take_threads();
    }
    state_->work_or_stop.notify_all();
    for (std::thread& thread : threads) {
        join_or_detach(thread);
    }
}

void ThreadPool::join() noexcept {
    std::unique_lock lock(state_->mutex);
    state_->stopping = true;
    while (!state_->threads.empty() || !state_->ended.empty()) {
        std::list<std::thread> threads = state_->take_threads();
        lock.unlock();
        state_->work_or_stop.notify_all();
        for (std::thread& thread : threads) {
            thread.join();
        }
        lock.lock();
    }
    state_->stopping = false;
}

void ThreadPool::post(std::function<void()> task) {
    join_ended();
    {
        const std::lock_guard lock(state_->mutex);
        state_->tasks.push_back(std::move(task));
        if (state_->idle < state_->tasks.size() && state_->threads.size() < options_.max_threads) {
            add_thread();
        }
    }
    state_->work_or_stop.notify_one();
}

void ThreadPool::join_ended() {
    std::list<std::thread> ended;
    {
        const std::lock_guard lock(state_->mutex);
        ended.swap(state_->ended);
    }
    for (std::thread& thread : ended) {
        join_or_detach(thread);
    }
}

void ThreadPool::add_thread() {
    const std::size_t before = state_->threads.size();
    try {
        state_->threads.emplace_front();
        const auto slot = state_->threads.begin();
        *slot = start_worker(
            [state = state_, slot, idle_time = options_.idle_time] { state->work(slot, idle_time); });
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

std::shared_ptr<Executor> make_thread_pool(ThreadPoolOptions options) {
    return std::make_shared<ThreadPool>(options);
}

ExecutorChoice::ExecutorChoice(std::shared_ptr<Executor> callers) : executor(std::move(callers)) {
    if (!executor) {
        own_pool_ = std::make_shared<ThreadPool>(ThreadPoolOptions{});
        executor = own_pool_;
    }
}

void ExecutorChoice::join() const noexcept {
    if (own_pool_) {
        own_pool_->join();
    }
}

}  // namespace filestore
