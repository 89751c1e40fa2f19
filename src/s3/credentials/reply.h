#pragma once

/// One answer on its way through steps on several threads.

#include <functional>
#include <memory>
#include <new>
#include <utility>

#include "filestore/executor.h"
#include "filestore/result.h"

namespace filestore::s3 {

/// Runs a step of a call. One that runs out of memory is dropped, and the replies that it held answer `no_memory`.
template <class Step>
void run_step(Step&& step) noexcept {
    try {
        std::forward<Step>(step)();
    } catch (const std::bad_alloc&) {
    }
}

/// Answers exactly once: with what it is given first, or with `no_memory` when it goes without. A resource held by std::shared_ptr; handed from
/// thread to thread, one at a time.
template <class T>
class Reply {
public:
    explicit Reply(std::function<void(Result<T>)>&& done) noexcept : done_(std::move(done)) {}
    Reply(const Reply&) = delete;
    Reply& operator=(const Reply&) = delete;
    ~Reply() { give(Error(ErrorCode::no_memory)); }

    void give(Result<T> result) noexcept {
        if (const auto done = std::exchange(done_, nullptr)) {
            run_step([&] { done(std::move(result)); });
        }
    }

private:
    std::function<void(Result<T>)> done_;
};

template <class T>
using ReplyPtr = std::shared_ptr<Reply<T>>;

/// Throws std::bad_alloc, and then leaves `done` alone.
template <class T>
[[nodiscard]] ReplyPtr<T> make_reply(std::function<void(Result<T>)>& done) {
    return std::make_shared<Reply<T>>(std::move(done));
}

/// A reply that hands a success to `next` and any failure to `reply`.
template <class T, class U, class Next>
[[nodiscard]] ReplyPtr<T> reply_through(const ReplyPtr<U>& reply, Next next) {
    std::function<void(Result<T>)> done = [reply, next = std::move(next)](Result<T> result) {
        result.ok() ? next(std::move(result).value()) : reply->give(result.error());
    };
    return make_reply(done);
}

/// Runs a step on the executor, where it may block. Throws std::bad_alloc where it cannot be queued.
template <class Step>
void post_step(Executor& executor, Step step) {
    executor.post([step = std::move(step)] { run_step(step); });
}

}  // namespace filestore::s3
