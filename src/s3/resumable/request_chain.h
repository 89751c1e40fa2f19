#pragma once

/// Requests one after the other, each of which may depend on the answer to the one before.

#include <functional>
#include <mutex>
#include <optional>
#include <string>

#include "s3/client/core.h"

namespace filestore::s3 {

/// A resource; see Job.
class RequestChain : public Job {
protected:
    /// `cancel` ends the job, and the requests.
    RequestChain(std::shared_ptr<ClientCore> core, const CallOptions& options, std::stop_token cancel);

    /// Goes on: sends a request, or does anything else. True once all is done, false to be called again when there is an answer, or the job is woken. Called with no request under way.
    [[nodiscard]] virtual Result<bool> work() = 0;
    /// All is done, or something failed.
    virtual void finish(const Result<void>& result) noexcept = 0;

    /// Sends a request, whose answer `take` gets before work() is called again.
    void send(Call call, std::function<Result<void>(const Outcome&)> take);
    [[nodiscard]] bool is_sending() const noexcept { return take_ != nullptr; }

    /// With the limits of the job.
    [[nodiscard]] CallOptions limits() const;
    [[nodiscard]] ClientCore& core() const noexcept { return *core_; }

private:
    Next step() final;
    [[nodiscard]] Result<bool> go_on();
    [[nodiscard]] std::optional<Outcome> take_outcome();

    const std::shared_ptr<ClientCore> core_;
    const std::stop_token cancel_;
    const std::optional<std::chrono::steady_clock::time_point> until_;
    std::function<Result<void>(const Outcome&)> take_;
    std::mutex mutex_;
    std::optional<Outcome> outcome_;
};

}  // namespace filestore::s3
