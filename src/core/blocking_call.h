#pragma once

/// Waits for an asynchronous call: what the blocking wrappers are made of.

#include <memory>
#include <new>
#include <optional>
#include <utility>

#include "core/function_ref.h"
#include "core/try.h"
#include "core/waiting_thread.h"
#include "filestore/call.h"

namespace filestore {

/// What wait_for() does, once for each type of an answer.
template <class T>
[[nodiscard]] Result<T> wait_for_answer(FunctionRef<void(Completion<T>)> start) {
    struct Waiting final : WaitingThread {
        std::optional<Result<T>> answer;
    };
    try {
        // Shared, for a start() that fails and answers all the same.
        const auto waiting = std::make_shared<Waiting>();
        FILESTORE_TRY(waiting->run([&] {
            start([waiting](Result<T> result) {
                waiting->end([&] { waiting->answer.emplace(std::move(result)); });
            });
        }));
        return std::move(*waiting->answer);
    } catch (const std::bad_alloc&) {
        return Error(ErrorCode::no_memory);
    }
}

/// Starts a call by `start(Completion<T>)` and waits for its answer; does the work of the call meanwhile, where that can use a thread that blocks (see
/// waiting_thread.h). `would_deadlock` on a library thread; nothing is started then.
template <class T, class Start>
[[nodiscard]] Result<T> wait_for(Start&& start) {
    return wait_for_answer<T>(start);
}

}  // namespace filestore
