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
    if (is_closed_ || tasks_.size() >= most) {
        return false;
    }
    tasks_.emplace(due, std::move(task));
    ensure_running();
    return true;
}

void LateTasks::look() noexcept {
    const std::lock_guard lock(mutex_);
    if (tasks_.empty() || tasks_.begin()->first > clock_->now()) {
        return;
    }
    has_to_look_ = true;
    ensure_running();
    changed_.notify_all();
}

void LateTasks::close() noexcept {
    std::multimap<Timestamp, std::function<void()>> dropped;
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
    const Timestamp now = clock_->now();
    for (std::size_t i = 0; i < most_at_once && !tasks_.empty() && tasks_.begin()->first <= now; ++i) {
        const auto task = tasks_.extract(tasks_.begin());
        lock.unlock();
        task.mapped()();
        lock.lock();
    }
}

std::chrono::milliseconds LateTasks::pause() const noexcept {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(tasks_.begin()->first - clock_->now());
    return std::clamp(left, pauses_.between, pauses_.look_again);
}

}  // namespace filestore
