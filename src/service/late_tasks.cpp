#include "service/late_tasks.h"

#include <algorithm>
#include <new>
#include <utility>

#include "core/library_thread.h"
#include "core/worker_thread.h"

namespace filestore {

LateTasks::LateTasks(std::shared_ptr<Clock> clock, LateTaskPauses pauses)
    : clock_(std::move(clock)), pauses_(pauses) {}

LateTasks::~LateTasks() {
    join_or_detach(thread_);
}

bool LateTasks::add(Timestamp due, std::function<void()> task) {
    const std::lock_guard lock(mutex_);
    if (is_closed_ || tasks_.size() >= pauses_.most) {
        return false;
    }
    tasks_.emplace(due, Task{std::chrono::steady_clock::now() + (due - clock_->now()), std::move(task)});
    ensure_running();
    return true;
}

void LateTasks::look() noexcept {
    const std::lock_guard lock(mutex_);
    if (find_due() == tasks_.end()) {
        return;
    }
    has_to_look_ = true;
    ensure_running();
    changed_.notify_all();
}

void LateTasks::close() noexcept {
    Tasks dropped;
    {
        const std::lock_guard lock(mutex_);
        is_closed_ = true;
        dropped.swap(tasks_);
        changed_.notify_all();
    }
    if (!on_library_thread() && thread_.joinable()) {
        thread_.join();
    }
}

void LateTasks::ensure_running() noexcept {
    if (is_running_ || is_closed_) {
        return;
    }
    try {
        join_or_detach(thread_);
        thread_ = start_worker([self = shared_from_this()] { self->run(); });
        is_running_ = true;
    } catch (const std::bad_alloc&) {
        return;
    }
}

void LateTasks::run() noexcept {
    const LibraryThreadScope scope;
    std::unique_lock lock(mutex_);
    while (!tasks_.empty()) {
        changed_.wait_for(lock, pause(), [this] { return is_closed_ || has_to_look_; });
        has_to_look_ = false;
        run_due(lock);
    }
    is_running_ = false;
}

void LateTasks::run_due(std::unique_lock<std::mutex>& lock) noexcept {
    for (std::size_t i = 0; i < most_at_once; ++i) {
        const auto due = find_due();
        if (due == tasks_.end()) {
            return;
        }
        const auto task = tasks_.extract(due);
        lock.unlock();
        task.mapped().work();
        lock.lock();
    }
}

/// The end where none is.
LateTasks::Tasks::iterator LateTasks::find_due() noexcept {
    if (!tasks_.empty() && tasks_.begin()->first <= clock_->now()) {
        return tasks_.begin();
    }
    const auto now = std::chrono::steady_clock::now();
    return std::find_if(tasks_.begin(), tasks_.end(),
                        [&](const auto& task) { return task.second.due <= now; });
}

std::chrono::milliseconds LateTasks::pause() const noexcept {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(tasks_.begin()->first - clock_->now());
    return std::clamp(left, pauses_.between, pauses_.look_again);
}

}  // namespace filestore
