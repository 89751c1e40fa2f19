#include "core/waiting_thread.h"

#include <utility>

namespace filestore {

namespace {
thread_local WaitingThread* offered = nullptr;
}

WaitingThread::Offer::Offer(WaitingThread& waiting) noexcept : before_(std::exchange(offered, &waiting)) {}

WaitingThread::Offer::~Offer() {
    offered = before_;
}

std::shared_ptr<Executor> WaitingThread::or_else(const std::shared_ptr<Executor>& executor) {
    WaitingThread* const taken = std::exchange(offered, nullptr);
    if (taken == nullptr) {
        return executor;
    }
    taken->otherwise_ = executor;
    return taken->shared_from_this();
}

void WaitingThread::post(std::function<void()> task) {
    {
        const std::lock_guard lock(mutex_);
        if (!has_left_ && !task_) {
            task_ = std::move(task);
            changed_.notify_one();
            return;
        }
    }
    otherwise_->post(std::move(task));
}

void WaitingThread::wait() {
    std::unique_lock lock(mutex_);
    while (true) {
        changed_.wait(lock, [this] { return is_over_ || task_; });
        if (!task_) {
            has_left_ = true;
            return;
        }
        const std::function<void()> task = std::exchange(task_, nullptr);
        lock.unlock();
        task();
        lock.lock();
    }
}

}  // namespace filestore
