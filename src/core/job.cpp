#include "core/job.h"

#include <utility>

#include "core/library_thread.h"

namespace filestore {

Result<void> check_call_limits(const std::stop_token& stop,
                               const std::optional<std::chrono::steady_clock::time_point>& deadline) {
    if (stop.stop_requested()) {
        return Error(ErrorCode::cancelled);
    }
    if (deadline && std::chrono::steady_clock::now() >= *deadline) {
        return Error(ErrorCode::timeout);
    }
    return {};
}

Job::Job(Runtime runtime, std::shared_ptr<PendingCalls::Call> call,
         std::optional<std::chrono::steady_clock::time_point> deadline)
    : runtime_(std::move(runtime)), call_(std::move(call)), stop_(call_->token()), deadline_(deadline) {}

void Job::start() {
    alive_ = self();
    on_stop_.emplace(stop_, WakeOnStop{self_});
    queue();
}

void Job::WakeOnStop::operator()() noexcept {
    if (const auto target = job.lock()) {
        target->wake();
    }
}

void Job::wake() noexcept {
    State state = state_.load();
    while (true) {
        if (state == State::queued || state == State::woken) {
            return;
        }
        const State next = state == State::parked ? State::queued : State::woken;
        if (state_.compare_exchange_weak(state, next)) {
            if (next == State::queued) {
                queue();
            }
            return;
        }
    }
}

void Job::wake_when_ready(int descriptor, bool for_writing) noexcept {
    runtime_.reactor->wake_when_ready(descriptor, for_writing, self_);
}

void Job::queue() {
    runtime_.executor->post([job = self()] { job->run(); });
}

void Job::run() {
    const LibraryThreadScope scope;
    state_.store(State::running);
    if (step() == Next::done) {
        alive_.reset();
        return;
    }
    if (deadline_ && !deadline_armed_) {
        deadline_armed_ = true;
        runtime_.reactor->wake_at(*deadline_, self_);
    }
    State expected = State::running;
    if (!state_.compare_exchange_strong(expected, State::parked)) {
        state_.store(State::queued);
        queue();
    }
}

Result<void> Job::check_limits() const {
    return check_call_limits(stop_, deadline_);
}

void Job::release_call() noexcept {
    on_stop_.reset();
    call_.reset();
}

}  // namespace filestore
