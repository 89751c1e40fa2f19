#include "core/pending_calls.h"

#include <utility>

#include "core/library_thread.h"

namespace filestore {

PendingCalls::Call::Call(std::shared_ptr<PendingCalls> owner, const std::stop_token& callers)
    : owner_(std::move(owner)), link_(callers, RequestStop{stop_}) {}

PendingCalls::Call::~Call() {
    if (!is_registered_) {
        return;
    }
    const std::lock_guard lock(owner_->mutex_);
    owner_->unlink(*this);
    if (owner_->first_ == nullptr) {
        owner_->all_ended_.notify_all();
    }
}

void PendingCalls::link(Call& call) noexcept {
    call.is_registered_ = true;
    call.after_ = std::exchange(first_, &call);
    if (call.after_ != nullptr) {
        call.after_->before_ = &call;
    }
}

void PendingCalls::unlink(Call& call) noexcept {
    (call.before_ != nullptr ? call.before_->after_ : first_) = call.after_;
    if (call.after_ != nullptr) {
        call.after_->before_ = call.before_;
    }
}

Result<std::shared_ptr<PendingCalls::Call>> PendingCalls::begin(const std::stop_token& callers) {
    if (forked()) {
        return Error(ErrorCode::forked,
                     "this object was made before fork(): open a new one in the child process");
    }
    auto call = std::make_shared<Call>(shared_from_this(), callers);
    const std::lock_guard lock(mutex_);
    if (closed_) {
        return Error(ErrorCode::cancelled, "the store was closed");
    }
    link(*call);
    return call;
}

bool PendingCalls::close() noexcept {
    if (forked()) {
        return false;
    }
    {
        const std::lock_guard lock(mutex_);
        closed_ = true;
    }
    while (auto stop = next_to_stop()) {
        stop->request_stop();
    }
    if (on_library_thread()) {
        return false;
    }
    std::unique_lock lock(mutex_);
    all_ended_.wait(lock, [this] { return first_ == nullptr; });
    return true;
}

/// One at a time, because stopping a call runs code that must not run under the lock, and because a list of them might not find memory.
std::optional<std::stop_source> PendingCalls::next_to_stop() noexcept {
    const std::lock_guard lock(mutex_);
    Call* call = first_;
    while (call != nullptr && call->stop_.stop_requested()) {
        call = call->after_;
    }
    return call == nullptr ? std::nullopt : std::optional(call->stop_);
}

bool PendingCalls::forked() const noexcept {
    return !owner_process_.is_current();
}

}  // namespace filestore
