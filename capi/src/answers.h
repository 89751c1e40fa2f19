#pragma once

/// How asynchronous calls answer a C caller: by its function `done`, once.

#include <exception>
#include <memory>
#include <utility>

#include "arguments.h"
#include "filestore/call.h"

namespace filestore::capi {

/// An answer until it is given. A resource of the completion of its call; one thread at a time.
class PendingCAnswer {
public:
    /// The memory of the answer is had before the call begins, so that its end can always be told.
    PendingCAnswer(filestore_done_function done, void* context)
        : answer_(std::make_unique<filestore_answer>()), done_(done), context_(context) {}

    /// Calls `done` with what `fill` puts into the answer, or with its failure.
    template <class Fill>
    void give(Fill&& fill) noexcept {
        try {
            const Result<void> filled = std::forward<Fill>(fill)(*answer_);
            if (!filled.ok()) {
                answer_->failure.emplace(filestore_error{filled.error()});
            }
        } catch (...) {
            answer_->failure.emplace(filestore_error{current_exception_error()});
        }
        try {
            done_(context_, answer_.release());
        } catch (...) {
            // The call has ended; nobody is left who could be told.
        }
    }

private:
    std::unique_ptr<filestore_answer> answer_;
    filestore_done_function done_;
    void* context_;
};

/// The completion of a call that calls `done` with the answer; `keep(answer, value)` puts the value where the C functions find it.
template <class T, class Keep>
[[nodiscard]] Completion<T> answer_to(filestore_done_function done, void* context, Keep keep) {
    const auto pending = std::make_shared<PendingCAnswer>(done, context);
    return [pending, keep = std::move(keep)](Result<T> result) {
        pending->give([&](filestore_answer& answer) -> Result<void> {
            FILESTORE_TRY(result);
            keep(answer, std::move(*result));
            return {};
        });
    };
}

/// Of calls that answer yes or no.
[[nodiscard]] inline Completion<bool> flag_to(filestore_done_function done, void* context) {
    return answer_to<bool>(done, context, [](filestore_answer& answer, bool value) { answer.flag = value; });
}

}  // namespace filestore::capi
