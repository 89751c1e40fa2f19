#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "core/library_thread.h"
#include "filestore/call.h"

namespace filestore::test {

/// Collects the answers of asynchronous calls. Thread-safe.
template <class T>
class Answers {
public:
    /// A completion for one call.
    [[nodiscard]] Completion<T> next() {
        return [state = state_](Result<T> result) {
            const std::lock_guard lock(state->mutex);
            state->results.push_back(std::move(result));
            state->all_on_library_threads = state->all_on_library_threads && on_library_thread();
            state->changed.notify_all();
        };
    }

    /// Waits for that many answers in all.
    [[nodiscard]] std::vector<Result<T>> wait_for(std::size_t count) {
        std::unique_lock lock(state_->mutex);
        state_->changed.wait(lock, [&] { return state_->results.size() >= count; });
        return state_->results;
    }

    [[nodiscard]] Result<T> wait_for_one() { return wait_for(1).front(); }

    [[nodiscard]] std::size_t count() const {
        const std::lock_guard lock(state_->mutex);
        return state_->results.size();
    }

    [[nodiscard]] bool all_on_library_threads() const {
        const std::lock_guard lock(state_->mutex);
        return state_->all_on_library_threads;
    }

private:
    struct State {
        std::mutex mutex;
        std::condition_variable changed;
        std::vector<Result<T>> results;
        bool all_on_library_threads = true;
    };
    std::shared_ptr<State> state_ = std::make_shared<State>();
};

}  // namespace filestore::test
