#pragma once

/// What tests of credential providers share.

#include <atomic>
#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "core/thread_pool.h"
#include "http/curl_transport.h"
#include "s3/credentials/provider.h"
#include "support/answers.h"

namespace filestore::test {

/// Stands still until it is moved. Thread-safe.
class FakeClock final : public Clock {
public:
    [[nodiscard]] Timestamp now() const noexcept override { return Timestamp(now_.load()); }
    void advance(std::chrono::microseconds by) noexcept { now_.store(now_.load() + by); }

private:
    std::atomic<std::chrono::microseconds> now_{
        (Timestamp(std::chrono::sys_days(std::chrono::year(2026) / 1 / 31)) + std::chrono::hours(12))
            .time_since_epoch()};
};

/// An environment of a test's own.
[[nodiscard]] inline s3::EnvironmentReader environment_of(std::map<std::string, std::string> variables) {
    return [variables = std::move(variables)](const char* name) -> std::optional<std::string> {
        const auto found = variables.find(name);
        return found == variables.end() || found->second.empty() ? std::nullopt
                                                                 : std::optional(found->second);
    };
}

/// Fails every request at once and counts them. Thread-safe.
class NoTransport final : public http::Transport {
public:
    void send(http::Request, std::shared_ptr<http::Receiver> receiver) noexcept override {
        ++sent;
        receiver->on_done(Error(ErrorCode::unavailable, "there is no network in this test"));
    }
    void close() noexcept override {}

    std::atomic<int> sent{0};
};

/// With the network where `transport` is empty.
[[nodiscard]] inline s3::ProviderContext context_with(std::map<std::string, std::string> variables = {},
                                                      std::shared_ptr<http::Transport> transport = {},
                                                      std::shared_ptr<Clock> clock = {}) {
    s3::ProviderContext context;
    context.reactor = std::make_shared<Reactor>();
    context.executor = std::make_shared<ThreadPool>(ThreadPoolOptions{});
    context.clock = clock ? std::move(clock) : std::make_shared<FakeClock>();
    context.environment = environment_of(std::move(variables));
    http::TransportOptions options;
    options.event_loops = 1;
    options.reactor = context.reactor;
    context.transport = transport ? std::move(transport) : http::make_curl_transport(options);
    return context;
}

/// Waits for the answer.
[[nodiscard]] inline Result<s3::ResolvedCredentials> keys_from(s3::CredentialsProvider& provider) {
    Answers<s3::ResolvedCredentials> answers;
    provider.get({}, answers.next());
    return answers.wait_for_one();
}

/// Text of a failure; empty for a success.
[[nodiscard]] inline std::string failure_of(const Result<s3::ResolvedCredentials>& result) {
    return result.ok() ? std::string() : std::string(result.error().message());
}

[[nodiscard]] inline s3::ResolvedCredentials keys_named(const std::string& name,
                                                        std::optional<Timestamp> expires_at = {}) {
    return {{name, "secret of " + name, ""}, expires_at};
}

/// Leaves its calls open until the test answers them. Thread-safe.
class OpenProvider final : public s3::CredentialsProvider {
public:
    [[nodiscard]] std::string_view name() const noexcept override { return "open"; }

    [[nodiscard]] std::size_t asked() const {
        const std::lock_guard lock(mutex_);
        return asked_;
    }

    /// Answers the oldest call; it must be there.
    void answer(Result<s3::ResolvedCredentials> result) {
        s3::ReplyPtr<s3::ResolvedCredentials> reply;
        {
            const std::lock_guard lock(mutex_);
            reply = replies_.at(0);
            replies_.erase(replies_.begin());
        }
        reply->give(std::move(result));
    }

    /// Answers the open calls by letting go of them.
    void drop() {
        std::vector<s3::ReplyPtr<s3::ResolvedCredentials>> dropped;
        {
            const std::lock_guard lock(mutex_);
            dropped.swap(replies_);
        }
    }

    /// Stop was requested for the call that came last.
    [[nodiscard]] bool last_was_cancelled() const {
        const std::lock_guard lock(mutex_);
        return last_cancel_.stop_requested();
    }

private:
    void begin(const std::stop_token& cancel, const s3::ReplyPtr<s3::ResolvedCredentials>& reply) override {
        const std::lock_guard lock(mutex_);
        ++asked_;
        last_cancel_ = cancel;
        replies_.push_back(reply);
    }

    mutable std::mutex mutex_;
    std::size_t asked_ = 0;
    std::stop_token last_cancel_;
    std::vector<s3::ReplyPtr<s3::ResolvedCredentials>> replies_;
};

}  // namespace filestore::test
