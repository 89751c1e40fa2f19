#pragma once

/// Waiting on the main thread for an asynchronous call of the library, while signals are answered and progress is shown.

#include <sys/eventfd.h>

#include <cerrno>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>

#include "core/descriptor.h"
#include "filestore/call.h"
#include "progress_bar.h"
#include "signals.h"

namespace filestore::tool {

/// Returns when `descriptor` is readable.
void wait_while_watching(int descriptor, SignalWatch& signals, ProgressBar* bar);

/// Returns when `descriptor` is readable or a signal has come.
void wait_for_input_or_signal(int descriptor, SignalWatch& signals);

/// Makes the descriptor of an eventfd readable.
void announce(int descriptor) noexcept;

/// Calls `start` with the completion to give to an asynchronous function, and returns what that completes with.
/// `bar` may be null.
template <class T, class Start>
[[nodiscard]] Result<T> finish_call(SignalWatch& signals, ProgressBar* bar, Start&& start) {
    struct Answer {
        Descriptor done;
        std::mutex mutex;
        std::optional<Result<T>> result;
    };
    const auto answer = std::make_shared<Answer>();
    answer->done = Descriptor(::eventfd(0, EFD_CLOEXEC));
    if (!answer->done.is_open()) {
        return errno_error(errno, "cannot wait for the call");
    }
    std::forward<Start>(start)(Completion<T>([answer](Result<T> result) {
        {
            const std::lock_guard lock(answer->mutex);
            answer->result.emplace(std::move(result));
        }
        announce(answer->done.get());
    }));
    wait_while_watching(answer->done.get(), signals, bar);
    const std::lock_guard lock(answer->mutex);
    return std::move(*answer->result);
}

}  // namespace filestore::tool
