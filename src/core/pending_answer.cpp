#include "core/pending_answer.h"

#include "core/worker_thread.h"

namespace filestore {

void PendingFailure::fail_elsewhere(const Error& error) noexcept {
    try {
        start_worker([self = shared_from_this(), error] { self->fail(error); }).detach();
    } catch (const std::bad_alloc&) {
        fail(error);
    }
}

void PendingFailure::post_kept(Executor& executor) noexcept {
    try {
        executor.post([self = shared_from_this()] { self->give_kept(); });
    } catch (const std::bad_alloc&) {
        give_kept();
    }
}

void step_of(PendingFailure& answer, Executor& executor, FunctionRef<void()> step) noexcept {
    try {
        step();
    } catch (const std::bad_alloc&) {
        answer.post_failure(executor, Error(ErrorCode::no_memory));
    }
}

}  // namespace filestore
