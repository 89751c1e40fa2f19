#pragma once

/// The one answer of a call.

#include <atomic>
#include <functional>
#include <memory>
#include <new>
#include <optional>
#include <stop_token>
#include <utility>

#include "core/function_ref.h"
#include "core/library_thread.h"
#include "core/pending_calls.h"
#include "filestore/call.h"
#include "filestore/executor.h"

namespace filestore {

/// What does not depend on the type of the answer. A resource held by std::shared_ptr; thread-safe.
class PendingFailure : public std::enable_shared_from_this<PendingFailure> {
public:
    PendingFailure() = default;
    PendingFailure(const PendingFailure&) = delete;
    PendingFailure& operator=(const PendingFailure&) = delete;
    virtual ~PendingFailure() = default;

    /// Completes the call on this thread.
    virtual void fail(const Error& error) noexcept = 0;

    /// Completes it on a thread of its own, or on this one where the system gives no thread.
    void fail_elsewhere(const Error& error) noexcept;

    /// Completes it on the executor; on this thread where the executor can take no task.
    virtual void post_failure(Executor& executor, const Error& error) noexcept = 0;

protected:
    /// Gives the answer that was kept: on the executor; on this thread where the executor can take no task.
    void post_kept(Executor& executor) noexcept;

private:
    virtual void give_kept() noexcept = 0;
};

/// Holds a caller's completion, and the call's registration, until the answer is given. A resource held by std::shared_ptr; thread-safe.
template <class T>
class PendingAnswer final : public PendingFailure {
public:
    /// Both are taken over only once nothing can fail any more.
    PendingAnswer(std::shared_ptr<PendingCalls::Call>&& call, Completion<T>&& done) noexcept
        : call_(std::move(call)),
          token_(call_ ? call_->token() : std::stop_token()),
          done_(std::move(done)) {}

    /// Triggered when the caller cancels the call or the store is closed.
    [[nodiscard]] const std::stop_token& token() const noexcept { return token_; }

    /// Completes the call on this thread, which counts as the library's meanwhile; the registration ends after that. Later answers are
    /// dropped: the first one stands.
    void give(Result<T> result) noexcept {
        give_and_keep(std::move(result));
        call_.reset();
    }

    /// The same, but leaves the call registered until give(): close() waits for what still has to be done.
    void give_and_keep(Result<T> result) noexcept {
        if (given_.exchange(true)) {
            return;
        }
        const LibraryThreadScope scope;
        const Completion<T> done = std::exchange(done_, nullptr);
        done(std::move(result));
    }

    /// Completes the call on the executor; on this thread where the executor can take no task.
    void post(Executor& executor, Result<T> result) noexcept {
        if (posted_.exchange(true)) {
            return;
        }
        result_.emplace(std::move(result));
        post_kept(executor);
    }

    void fail(const Error& error) noexcept override { give(error); }
    void post_failure(Executor& executor, const Error& error) noexcept override { post(executor, error); }

private:
    void give_kept() noexcept override { give(std::move(*result_)); }

    std::shared_ptr<PendingCalls::Call> call_;
    const std::stop_token token_;
    Completion<T> done_;
    std::optional<Result<T>> result_;
    std::atomic<bool> posted_{false};
    std::atomic<bool> given_{false};
};

template <class T>
using PendingAnswerPtr = std::shared_ptr<PendingAnswer<T>>;

/// Completes a call that no executor can complete: in a forked child, or after close(). On a thread of its own, so that it does not happen inside
/// the starting call; where the system gives no thread there is no other place than this one.
template <class T>
void refuse_call(Completion<T>& done, const Error& error) noexcept {
    try {
        std::make_shared<PendingAnswer<T>>(nullptr, std::move(done))->fail_elsewhere(error);
    } catch (const std::bad_alloc&) {
        const LibraryThreadScope scope;
        std::exchange(done, nullptr)(error);
    }
}

/// Registers a call. Nothing where it had to be refused, and has been answered.
template <class T>
[[nodiscard]] PendingAnswerPtr<T> begin_call(PendingCalls& pending, const std::stop_token& callers,
                                             Completion<T>&& done) noexcept {
    try {
        auto call = pending.begin(callers);
        if (call.ok()) {
            return std::make_shared<PendingAnswer<T>>(std::move(*call), std::move(done));
        }
        refuse_call(done, call.error());
    } catch (const std::bad_alloc&) {
        refuse_call(done, Error(ErrorCode::no_memory));
    }
    return nullptr;
}

/// Runs a step of a call; without memory for it, the call ends with `no_memory`.
void step_of(PendingFailure& answer, Executor& executor, FunctionRef<void()> step) noexcept;

}  // namespace filestore
