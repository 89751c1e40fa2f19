#pragma once

/// Waits for an asynchronous call: what the blocking wrappers are made of.

#include <memory>
#include <new>
#include <optional>
#include <utility>

#include "core/library_thread.h"
#include "core/waiting_thread.h"
#include "filestore/call.h"

namespace filestore {

/// Starts a call by `start(Completion<T>)` and waits for its answer; does the work of the call meanwhile, where that can use a thread that blocks (see
/// waiting_thread.h). `would_deadlock` on a library thread; nothing is started then.
template <class T, class Start>
[[nodiscard]] Result<T> wait_for(Start&& start) {
    if (on_library_thread()) {
        return Error(
            ErrorCode::would_deadlock,
            "a blocking call was made inside a completion or stream: use the asynchronous form there");
    }
    struct Waiting final : WaitingThread {
        std::optional<Result<T>> answer;
    };
    try {
        // Shared, for a start() that fails and answers all the same.
        const auto waiting = std::make_shared<Waiting>();
        try {
            const WaitingThread::Offer offer(*waiting);
            std::forward<Start>(start)(Completion<T>([waiting](Result<T> result) {
                waiting->end([&] { waiting->answer.emplace(std::move(result)); });
            }));
        } catch (...) {
            waiting->leave();
            throw;
        }
        waiting->wait();
        return std::move(*waiting->answer);
    } catch (const std::bad_alloc&) {
        return Error(ErrorCode::no_memory);
    }
}

}  // namespace filestore
