#pragma once

/// What runs over a whole store share: a chain of asynchronous steps, each begun in the completion of one before it, that ends with one report.

#include <memory>
#include <utility>

#include "audit/audit_server.h"
#include "core/call_limits.h"
#include "core/library_thread.h"
#include "core/pending_answer.h"
#include "core/stream_calls.h"
#include "service/operations.h"

namespace filestore {

/// Runs a part of such a chain; `end` is called with its failure.
template <class Work, class End>
void run_step(Work&& work, const End& end) noexcept {
    const auto result = call_user(ErrorCode::internal, std::forward<Work>(work));
    if (!result.ok()) {
        end(result.error());
    }
}

/// A resource held by std::shared_ptr, by the call under way. `Run` derives from this, and has a function begin().
template <class Run, class Report>
class StoreRun : public std::enable_shared_from_this<Run> {
public:
    StoreRun(const StoreRun&) = delete;
    StoreRun& operator=(const StoreRun&) = delete;

    /// Queues the first step.
    void start() {
        parts_.executor->post([self = this->shared_from_this()] {
            const LibraryThreadScope scope;
            self->step([&] { return self->begin(); });
        });
    }

protected:
    /// Of `call` the deadline counts.
    StoreRun(const ServiceParts& parts, const CallOptions& call, PendingAnswerPtr<Report> answer)
        : parts_(parts), answer_(std::move(answer)) {
        limits_.deadline = call.deadline;
        limits_.cancel = answer_->token();
    }
    ~StoreRun() = default;

    /// Runs a part of the work; a failure ends the run.
    template <class Work>
    void step(Work&& work) noexcept {
        run_step(std::forward<Work>(work), [this](const Error& failure) { answer_->give(failure); });
    }

    /// Goes on with a part of the work that asks the audit server, which there is, where no operation on files waits for the answer.
    template <class Work>
    [[nodiscard]] Result<void> where_the_server_is_asked(Work work) {
        parts_.audit_server->post(
            [self = this->shared_from_this(), work = std::move(work)] { self->step(work); });
        return {};
    }

    void give(Result<Report> report) noexcept { answer_->give(std::move(report)); }

    [[nodiscard]] Result<void> check_limits() const {
        return check_call_limits(limits_.cancel, limits_.deadline);
    }

    [[nodiscard]] const ServiceParts& parts() const noexcept { return parts_; }
    /// The deadline of the call, and its cancellation.
    [[nodiscard]] const CallOptions& limits() const noexcept { return limits_; }

private:
    const ServiceParts parts_;
    const PendingAnswerPtr<Report> answer_;
    CallOptions limits_;
};

}  // namespace filestore
