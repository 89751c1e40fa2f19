#pragma once

/// Waits for an asynchronous call: what the blocking wrappers are made of.

#include <memory>
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
    std::optional<Result<T>> answer;
    FILESTORE_TRY(wait_for_end([&](const std::shared_ptr<WaitingThread>& waiting) {
        start([waiting, &answer](Result<T> result) {
            waiting->end([&] { answer.emplace(std::move(result)); });
        });
    }));
    return std::move(*answer);
}

/// Starts a call by `start(Completion<T>)` and waits for its answer; does the work of the call meanwhile, where that can use a thread that blocks (see
/// waiting_thread.h). `would_deadlock` on a library thread; nothing is started then.
template <class T, class Start>
[[nodiscard]] Result<T> wait_for(Start&& start) {
    return wait_for_answer<T>(start);
}

}  // namespace filestore
