#include "core/waiting_thread.h"

#include <new>
#include <utility>

#include "core/library_thread.h"

namespace filestore {

namespace {
thread_local WaitingThread* offered = nullptr;
thread_local WaitingThread* driver = nullptr;
}  // namespace

WaitingThread::Offer::Offer(WaitingThread* waiting) noexcept : before_(std::exchange(offered, waiting)) {}

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

WaitingThread::DrivingScope::DrivingScope(WaitingThread* waiting) noexcept
    : before_(std::exchange(driver, waiting)) {}

WaitingThread::DrivingScope::~DrivingScope() {
    driver = before_;
}

bool WaitingThread::takes(const std::shared_ptr<Driven>& driven) noexcept {
    if (driver == nullptr) {
        return false;
    }
    const std::lock_guard lock(driver->mutex_);
    if (driver->driven_ || driver->has_left_) {
        return false;
    }
    driver->driven_ = driven;
    return true;
}

void WaitingThread::post(std::function<void()> task) {
    std::unique_lock lock(mutex_);
    if (has_left_ || task_) {
        lock.unlock();
        return otherwise_->post(std::move(task));
    }
    task_ = std::move(task);
    changed_.notify_one();
    const std::shared_ptr<Driven> driven = driven_;
    lock.unlock();
    if (driven) {
        driven->interrupt();
    }
}

Result<void> WaitingThread::run(FunctionRef<void()> start) {
    if (on_library_thread()) {
        return Error(
            ErrorCode::would_deadlock,
            "a blocking call was made inside a completion or stream: use the asynchronous form there");
    }
    try {
        const Offer offer(*this);
        const DrivingScope driving(this);
        start();
    } catch (...) {
        leave();
        throw;
    }
    wait();
    return {};
}

void WaitingThread::end(FunctionRef<void()> last) {
    std::shared_ptr<Driven> driven;
    {
        const std::lock_guard lock(mutex_);
        if (has_left_) {
            return;
        }
        last();
        is_over_ = true;
        changed_.notify_one();
        driven = driven_;
    }
    if (driven) {
        driven->interrupt();
    }
}

void WaitingThread::wait() {
    const Offer nothing(nullptr);
    const DrivingScope driving(this);
    while (const std::function<void()> task = next()) {
        task();
    }
    leave();
}

/// Empty once the wait is over.
std::function<void()> WaitingThread::next() {
    std::unique_lock lock(mutex_);
    while (driven_ || (!is_over_ && !task_)) {
        if (driven_) {
            lock.unlock();
            drive();
            lock.lock();
        } else {
            changed_.wait(lock);
        }
    }
    return is_over_ ? nullptr : std::exchange(task_, nullptr);
}

bool WaitingThread::is_wanted() {
    const std::lock_guard lock(mutex_);
    return is_over_ || has_left_ || task_ != nullptr;
}

void WaitingThread::drive() {
    driven_->drive([this] { return is_wanted(); });
    std::shared_ptr<Driven> driven;
    const std::lock_guard lock(mutex_);
    driven.swap(driven_);
}

void WaitingThread::leave() {
    std::function<void()> left;
    {
        const std::lock_guard lock(mutex_);
        has_left_ = true;
        left = std::exchange(task_, nullptr);
    }
    if (driven_) {
        drive();
    }
    if (!left) {
        return;
    }
    try {
        otherwise_->post(left);
    } catch (const std::bad_alloc&) {
        left();
    }
}

Result<void> wait_for_end(FunctionRef<void(const std::shared_ptr<WaitingThread>&)> start) {
    try {
        // Shared, for a start() that fails and answers all the same.
        const auto waiting = std::make_shared<WaitingThread>();
        return waiting->run([&] { start(waiting); });
    } catch (const std::bad_alloc&) {
        return Error(ErrorCode::no_memory);
    }
}

}  // namespace filestore
