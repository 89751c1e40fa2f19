#include "core/pending_calls.h"

#include <vector>

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
    call->place_ = calls_.insert(calls_.end(), call.get());
    if (closed_) {
        call->stop_.request_stop();
    }
    return call;
}

void PendingCalls::close() noexcept {
    if (forked()) {
        return;
    }
    std::vector<std::stop_source> under_way;
    {
        const std::lock_guard lock(mutex_);
        closed_ = true;
        under_way.reserve(calls_.size());
        for (const Call* call : calls_) {
            under_way.push_back(call->stop_);
        }
    }
    for (std::stop_source& stop : under_way) {
        stop.request_stop();
    }
    if (on_library_thread()) {
        return;
    }
    std::unique_lock lock(mutex_);
    all_ended_.wait(lock, [this] { return calls_.empty(); });
}

bool PendingCalls::forked() const noexcept {
    return !owner_process_.is_current();
}

}  // namespace filestore
