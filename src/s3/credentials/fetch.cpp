#include "s3/credentials/fetch.h"

#include <atomic>
#include <cstddef>
#include <string>
#include <utility>

namespace filestore::s3 {
namespace {

constexpr std::size_t most_body = std::size_t{64} * 1024;

/// All attempts of one request. Used by one thread at a time, but for wake().
class Fetch final : public Wake::Target, public std::enable_shared_from_this<Fetch> {
public:
    Fetch(const ProviderContext& context, std::stop_token cancel, FetchLimits limits,
          MakeRequest make_request, ReplyPtr<FetchedAnswer> reply)
        : transport_(context.transport),
          reactor_(context.reactor),
          server_time_(context.server_time),
          cancel_(std::move(cancel)),
          limits_(limits),
          attempt_time_(std::min(context.attempt_time, limits.attempt_time)),
          make_request_(std::move(make_request)),
          reply_(std::move(reply)) {}

    void start() {
        on_stop_.emplace(cancel_, WakeOnStop{weak_from_this()});
        attempt();
    }

    /// Ends a pause; does nothing outside one.
    void wake() noexcept override {
        if (pausing_.exchange(false)) {
            const auto self = std::exchange(alive_, nullptr);
            run_step([this] { attempt(); });
        }
    }

    void wake_when_ready(int, bool) noexcept override { wake(); }

private:
    class Attempt;
    struct WakeOnStop {
        std::weak_ptr<Fetch> fetch;
        void operator()() noexcept {
            if (const auto alive = fetch.lock()) {
                alive->wake();
            }
        }
    };

    void attempt();

    void end_attempt(Result<FetchedAnswer> result) {
        ++attempts_;
        if (attempts_ >= limits_.attempts || cancel_.stop_requested() || !may_pass(result)) {
            return std::exchange(reply_, nullptr)->give(std::move(result));
        }
        pause();
    }

    static bool may_pass(const Result<FetchedAnswer>& result) noexcept {
        if (!result.ok()) {
            return result.error().retryable() || result.error().code() == ErrorCode::timeout;
        }
        return result->status >= 500 || result->status == 429;
    }

    /// Nobody else holds a fetch that pauses.
    void pause() noexcept {
        const auto self = shared_from_this();
        alive_ = self;
        const auto until = std::chrono::steady_clock::now() + limits_.pause * (1U << (attempts_ - 1));
        pausing_.store(true);
        if (cancel_.stop_requested()) {
            return wake();
        }
        reactor_->wake_at(until, self);
    }

    const std::shared_ptr<http::Transport> transport_;
    const std::shared_ptr<Reactor> reactor_;
    const std::shared_ptr<CorrectedClock> server_time_;
    const std::stop_token cancel_;
    const FetchLimits limits_;
    const std::chrono::milliseconds attempt_time_;
    const MakeRequest make_request_;
    ReplyPtr<FetchedAnswer> reply_;
    unsigned attempts_ = 0;
    std::atomic<bool> pausing_{false};
    std::shared_ptr<Fetch> alive_;
    std::optional<std::stop_callback<WakeOnStop>> on_stop_;
};

class Fetch::Attempt final : public http::Receiver {
public:
    explicit Attempt(std::shared_ptr<Fetch> fetch) : fetch_(std::move(fetch)) {}
    Attempt(const Attempt&) = delete;
    Attempt& operator=(const Attempt&) = delete;
    ~Attempt() override { wipe(body_); }

    /// Room for all from the start: a growing string would leave copies behind.
    Result<void> on_head(const http::ResponseHead& head) override {
        status_ = head.status;
        if (fetch_->server_time_) {
            time_ = {std::string(head.header("date")), fetch_->server_time_->local_now()};
        }
        body_.reserve(most_body);
        return {};
    }

    Result<IoStep> on_body(std::span<const std::byte> bytes, const Wake&) override {
        if (bytes.size() > most_body - body_.size()) {
            return Error(ErrorCode::corrupt, "the answer is larger than 64 KiB");
        }
        body_.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
        return IoStep{bytes.size(), false};
    }

    void on_done(Result<void> outcome) noexcept override {
        const auto fetch = std::exchange(fetch_, nullptr);
        run_step([&] { fetch->end_attempt(result(outcome)); });
    }

private:
    Result<FetchedAnswer> result(const Result<void>& outcome) {
        if (!outcome.ok()) {
            return outcome.error();
        }
        return FetchedAnswer{status_, SecretString(std::move(body_)), std::move(time_)};
    }

    std::shared_ptr<Fetch> fetch_;
    int status_ = 0;
    AnswerTime time_;
    std::string body_;
};

void Fetch::attempt() {
    auto request = make_request_();
    if (!request.ok()) {
        return reply_->give(request.error());
    }
    request->cancel = cancel_;
    request->deadline = std::chrono::steady_clock::now() + attempt_time_;
    transport_->send(std::move(request).value(), std::make_shared<Attempt>(shared_from_this()));
}

}  // namespace

void fetch(const ProviderContext& context, const std::stop_token& cancel, FetchLimits limits,
           MakeRequest make_request, ReplyPtr<FetchedAnswer> reply) {
    const auto fetch =
        std::make_shared<Fetch>(context, cancel, limits, std::move(make_request), std::move(reply));
    fetch->start();
}

void learn_from_ended_keys(const ProviderContext& context, const AnswerTime& time,
                           const Result<ResolvedCredentials>& keys) {
    if (context.server_time && keys.ok() && keys->expires_at && *keys->expires_at <= context.clock->now()) {
        context.server_time->learn(time.date, time.came, time.came);
    }
}

}  // namespace filestore::s3
