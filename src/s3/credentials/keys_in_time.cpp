#include "s3/credentials/keys_in_time.h"

#include <atomic>
#include <utility>

namespace filestore::s3 {
namespace {

/// One call that waits for its keys until its deadline. Thread-safe.
class TimedWait final : public Wake::Target, public std::enable_shared_from_this<TimedWait> {
public:
    using Time = std::chrono::steady_clock::time_point;

    TimedWait(std::stop_token callers, Time deadline, KeysDone done)
        : callers_(std::move(callers)), deadline_(deadline), done_(std::move(done)) {}

    void begin(CredentialsProvider& provider, Timestamp until, Reactor& reactor) {
        KeysDone answer = [self = shared_from_this()](Result<ResolvedCredentials> keys) {
            self->answer(std::move(keys));
        };
        on_cancel_.emplace(callers_, StopToo{weak_from_this()});
        provider.get_lasting(until, stop_.get_token(), std::move(answer));
        // Most keys are at hand: no clock is needed for them.
        if (!answered_) {
            reactor.wake_at(deadline_, weak_from_this());
        }
    }

    /// The deadline has passed, or nothing would wake this then.
    void wake() noexcept override { stop_.request_stop(); }
    void wake_when_ready(int, bool) noexcept override {}

private:
    struct StopToo {
        std::weak_ptr<TimedWait> wait;
        void operator()() noexcept {
            if (const auto alive = wait.lock()) {
                alive->stop_.request_stop();
            }
        }
    };

    void answer(Result<ResolvedCredentials> keys) {
        answered_ = true;
        const bool stopped_here = stop_.stop_requested() && !callers_.stop_requested();
        if (stopped_here && !keys.ok() && keys.error().code() == ErrorCode::cancelled) {
            keys = std::chrono::steady_clock::now() < deadline_
                       ? Error(ErrorCode::no_memory)
                       : Error(ErrorCode::timeout, "the deadline passed before there were keys to sign with");
        }
        std::exchange(done_, nullptr)(std::move(keys));
    }

    const std::stop_token callers_;
    const Time deadline_;
    KeysDone done_;
    std::stop_source stop_;
    std::atomic<bool> answered_{false};
    std::optional<std::stop_callback<StopToo>> on_cancel_;
};

}  // namespace

void get_in_time(CredentialsProvider& provider, Timestamp until, const CallOptions& limits, Reactor& reactor,
                 KeysDone done) {
    if (!limits.deadline) {
        return provider.get_lasting(until, limits.cancel, std::move(done));
    }
    std::make_shared<TimedWait>(limits.cancel, *limits.deadline, std::move(done))
        ->begin(provider, until, reactor);
}

}  // namespace filestore::s3
