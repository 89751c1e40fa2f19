#include "core/pending_calls.h"

#include <algorithm>

#include "core/library_thread.h"

namespace filestore {

PendingCalls::Call::Call(std::shared_ptr<PendingCalls> owner, const std::stop_token& callers)
    : owner_(std::move(owner)), link_(callers, RequestStop{stop_}) {}

PendingCalls::Call::~Call() {
    if (!place_) {
        return;
    }
    const std::lock_guard lock(owner_->mutex_);
    owner_->calls_.erase(*place_);
    if (owner_->calls_.empty()) {
        owner_->all_ended_.notify_all();
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
    call->place_ = calls_.insert(calls_.end(), call.get());
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
    all_ended_.wait(lock, [this] { return calls_.empty(); });
    return true;
}

/// One at a time, because stopping a call runs code that must not run under the lock, and because a list of them might not find memory.
std::optional<std::stop_source> PendingCalls::next_to_stop() noexcept {
    const std::lock_guard lock(mutex_);
    const auto found = std::find_if(calls_.begin(), calls_.end(),
                                    [](const Call* call) { return !call->stop_.stop_requested(); });
    return found == calls_.end() ? std::nullopt : std::optional((*found)->stop_);
}

bool PendingCalls::forked() const noexcept {
    return !owner_process_.is_current();
}

}  // namespace filestore
