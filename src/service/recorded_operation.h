#pragma once

/// What operations that are recorded share: their parts, their call and its one answer.

#include <memory>
#include <new>
#include <string>
#include <string_view>
#include <utility>

#include "core/library_thread.h"
#include "core/pending_answer.h"
#include "service/operations.h"

namespace filestore {

/// A resource held by std::shared_ptr, by the step under way.
template <class T>
class RecordedOperation : public std::enable_shared_from_this<RecordedOperation<T>> {
public:
    RecordedOperation(const ServiceParts& parts, CallOptions options, PendingAnswerPtr<T> answer)
        : parts_(parts), options_(std::move(options)), answer_(std::move(answer)) {
        options_.cancel = answer_->token();
    }
    virtual ~RecordedOperation() = default;
    RecordedOperation(const RecordedOperation&) = delete;
    RecordedOperation& operator=(const RecordedOperation&) = delete;

    /// Queues the first step.
    void start() {
        parts_.executor->post([self = this->shared_from_this()] {
            const LibraryThreadScope scope;
            self->step([&] { self->begin(); });
        });
    }

protected:
    virtual void begin() = 0;

    /// Runs a step on the executor.
    template <class Step>
    void step(Step&& step) noexcept {
        step_of(*answer_, *parts_.executor, std::forward<Step>(step));
    }

    void finish(Result<T> result) noexcept { answer_->give(std::move(result)); }

    /// Answers what was done and recorded, as soon as that may be.
    void succeed(T result, std::string_view what_is_done) noexcept {
        if (!parts_.journal->is_strict()) {
            return finish(std::move(result));
        }
        try {
            parts_.journal->when_told(intent_.id, options_,
                                      "file " + intent_.id.str() + ' ' + std::string(what_is_done),
                                      [self = this->shared_from_this(), result](const Result<void>& told) {
                                          self->finish(told.ok() ? Result<T>(result) : told.error());
                                      });
        } catch (const std::bad_alloc&) {
            finish(Error(ErrorCode::not_delivered));
        }
    }

    [[nodiscard]] const ServiceParts& parts() const noexcept { return parts_; }
    [[nodiscard]] const CallOptions& options() const noexcept { return options_; }
    [[nodiscard]] PendingAnswer<T>& answer() const noexcept { return *answer_; }
    [[nodiscard]] Intent& intent() noexcept { return intent_; }

private:
    const ServiceParts parts_;
    CallOptions options_;
    const PendingAnswerPtr<T> answer_;
    Intent intent_;
};

}  // namespace filestore
