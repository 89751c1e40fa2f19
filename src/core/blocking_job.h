#pragma once

/// Calls of a backend that only block, and move no bytes.

#include <memory>
#include <utility>

#include "core/job.h"
#include "core/pending_answer.h"
#include "core/stream_calls.h"
#include "core/try.h"
#include "core/waiting_thread.h"
#include "filestore/call.h"

namespace filestore {

/// Answers with what `work` gives for the limits of the call, which also end with the store. A resource held by std::shared_ptr.
template <class T, class Work>
class BlockingJob final : public Job {
public:
    BlockingJob(Runtime runtime, CallOptions limits, Work work, PendingAnswerPtr<T> answer)
        : Job(std::move(runtime), answer->token(), limits.deadline),
          limits_(std::move(limits)),
          work_(std::move(work)),
          answer_(std::move(answer)) {
        limits_.cancel = answer_->token();
    }

private:
    Next step() override {
        answer_->give(call_user(ErrorCode::internal, [this]() -> Result<T> {
            FILESTORE_TRY(check_limits());
            return work_(limits_);
        }));
        return Next::done;
    }

    CallOptions limits_;
    Work work_;
    const PendingAnswerPtr<T> answer_;
};

/// Starts such a call: on the executor, or on the thread that waits for it.
template <class T, class Work>
void run_blocking(const Runtime& runtime, PendingCalls& pending, CallOptions limits, Completion<T> done,
                  Work work) {
    const auto answer = begin_call<T>(pending, limits.cancel, std::move(done));
    if (!answer) {
        return;
    }
    step_of(*answer, *runtime.executor, [&] {
        make_job<BlockingJob<T, Work>>(Runtime{WaitingThread::or_else(runtime.executor), runtime.reactor},
                                       std::move(limits), std::move(work), answer)
            ->start();
    });
}

}  // namespace filestore
