#pragma once

/// Waits for an asynchronous call: what the blocking wrappers are made of.

#include <condition_variable>
#include <memory>
#include <mutex>
#include <new>
#include <optional>
#include <utility>

#include "core/library_thread.h"
#include "filestore/call.h"

namespace filestore {

/// Starts a call by `start(Completion<T>)` and waits for its answer. `would_deadlock` on a library thread; nothing is started then.
template <class T, class Start>
[[nodiscard]] Result<T> wait_for(Start&& start) {
    if (on_library_thread()) {
        return Error(
            ErrorCode::would_deadlock,
            "a blocking call was made inside a completion or stream: use the asynchronous form there");
    }
    struct Answer {
        std::mutex mutex;
        std::condition_variable arrived;
        std::optional<Result<T>> result;
    };
    try {
        const auto answer = std::make_shared<Answer>();
        std::forward<Start>(start)(Completion<T>([answer](Result<T> result) {
            {
                const std::lock_guard lock(answer->mutex);
                answer->result.emplace(std::move(result));
            }
            // Not under the lock, which the woken thread would have to wait for.
            answer->arrived.notify_one();
        }));
        std::unique_lock lock(answer->mutex);
        answer->arrived.wait(lock, [&] { return answer->result.has_value(); });
        return std::move(*answer->result);
    } catch (const std::bad_alloc&) {
        return Error(ErrorCode::no_memory);
    }
}

}  // namespace filestore
