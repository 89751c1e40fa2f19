#include "s3/resumable/request_chain.h"

#include <utility>

#include "core/stream_calls.h"
#include "core/try.h"

namespace filestore::s3 {

RequestChain::RequestChain(std::shared_ptr<ClientCore> core, const CallOptions& options,
                           std::stop_token cancel)
    : Job(core->requester()->runtime(), cancel, options.deadline, options.pause),
      core_(std::move(core)),
      cancel_(std::move(cancel)),
      until_(options.deadline) {}

CallOptions RequestChain::limits() const {
    CallOptions options;
    options.cancel = cancel_;
    options.deadline = until_;
    return options;
}

void RequestChain::send(Call call, std::function<Result<void>(const Outcome&)> take) {
    take_ = std::move(take);
    core_->requester()->send(std::move(call), [this, self = weak_self().lock()](Outcome outcome) {
        {
            const std::lock_guard lock(mutex_);
            outcome_.emplace(std::move(outcome));
        }
        wake();
    });
}

std::optional<Outcome> RequestChain::take_outcome() {
    const std::lock_guard lock(mutex_);
    return std::exchange(outcome_, std::nullopt);
}

Job::Next RequestChain::step() {
    const auto gone_on = call_user(ErrorCode::internal, [this] { return go_on(); });
    if (gone_on.ok() && !*gone_on) {
        return Next::park;
    }
    finish(gone_on.ok() ? Result<void>() : Result<void>(gone_on.error()));
    return Next::done;
}

/// True once all is done. A request is waited for whatever happens: its own limits end it.
Result<bool> RequestChain::go_on() {
    while (true) {
        if (take_) {
            const auto outcome = take_outcome();
            if (!outcome) {
                return false;
            }
            const auto take = std::exchange(take_, nullptr);
            FILESTORE_TRY(take(*outcome));
            continue;
        }
        FILESTORE_TRY(check_limits());
        FILESTORE_TRY_ASSIGN(const bool is_done, work());
        if (is_done || !take_) {
            return is_done;
        }
    }
}

}  // namespace filestore::s3
