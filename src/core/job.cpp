#include "core/job.h"

#include <new>
#include <utility>

#include "core/call_limits.h"
#include "core/library_thread.h"

namespace filestore {

Job::Job(Runtime runtime, std::stop_token stop, std::optional<std::chrono::steady_clock::time_point> deadline,
         std::shared_ptr<PauseSwitch> pause)
    : runtime_(std::move(runtime)), stop_(std::move(stop)), deadline_(deadline), pause_(std::move(pause)) {}

void Job::follow_pause() {
    if (pause_) {
        pause_->add(self());
    }
}

void Job::start() noexcept {
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

void Job::queue() noexcept {
    try {
        runtime_.executor->post([job = self()] { job->run(); });
    } catch (const std::bad_alloc&) {
        refused_by_executor_ = true;
        run();
    }
}

void Job::run() noexcept {
    const LibraryThreadScope scope;
    state_.store(State::running);
    if (step() == Next::done) {
        on_stop_.reset();
        alive_.reset();
        return;
    }
    stay_awakable();
    State expected = State::running;
    if (!state_.compare_exchange_strong(expected, State::parked)) {
        state_.store(State::queued);
        queue();
    }
}

/// Most jobs never park, and need none of this.
void Job::stay_awakable() noexcept {
    if (!alive_) {
        alive_ = self();
        on_stop_.emplace(stop_, WakeOnStop{self_});
    }
    if (deadline_ && !deadline_armed_) {
        deadline_armed_ = runtime_.reactor->wake_at(*deadline_, self_);
    }
}

Result<void> Job::check_limits() const {
    if (refused_by_executor_) {
        return Error(ErrorCode::no_memory);
    }
    return check_call_limits(stop_, deadline_);
}

}  // namespace filestore
