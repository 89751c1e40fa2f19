#include "serve/access/token_key_set.h"

#include <chrono>
#include <functional>
#include <mutex>
#include <optional>
#include <utility>

#include "core/text.h"
#include "http/curl_transport.h"
#include "output.h"

namespace filestore::tool::serve {

namespace {

constexpr std::chrono::seconds longest_fetch{10};
constexpr std::chrono::minutes least_pause{1};
constexpr std::chrono::seconds pause_without_any{2};
constexpr std::chrono::minutes greatest_age{10};
constexpr std::size_t most_bytes = std::size_t{256} * 1024;
constexpr int ok_status = 200;

http::TransportOptions transport_options(const std::shared_ptr<Reactor>& reactor) {
    http::TransportOptions options;
    options.max_connections = 1;
    options.reactor = reactor;
    return options;
}

bool is_of_this_machine(std::string_view url) {
    return url.starts_with("http://127.0.0.1:") || url.starts_with("http://localhost:") ||
           url.starts_with("http://[::1]:");
}

}  // namespace

/// Gathers a JWKS. A resource; used by the transport.
class TokenKeySet::Answer final : public http::Receiver {
public:
    explicit Answer(std::function<void(Result<std::string>)> done) : done_(std::move(done)) {}

    Result<void> on_head(const http::ResponseHead& head) override {
        return head.status == ok_status
                   ? Result<void>()
                   : Error(ErrorCode::unavailable, "the status is " + std::to_string(head.status));
    }

    Result<IoStep> on_body(std::span<const std::byte> bytes, const Wake&) override {
        if (body_.size() + bytes.size() > most_bytes) {
            return Error(ErrorCode::corrupt, "it is larger than a JWKS can be");
        }
        body_.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
        return IoStep{bytes.size(), false};
    }

    void on_done(Result<void> outcome) noexcept override {
        done_(outcome.ok() ? Result<std::string>(std::move(body_)) : outcome.error());
    }

private:
    std::function<void(Result<std::string>)> done_;
    std::string body_;
};

struct TokenKeySet::Known {
    std::mutex mutex;
    /// Nothing until they were had once.
    std::optional<TokenKeys> keys;
    std::chrono::steady_clock::time_point asked_at;
    bool has_told_failure = false;

    /// What cannot be had or read leaves the keys that there are.
    void take(const Result<std::string>& body, const std::string& url) {
        auto parsed = body.ok() ? TokenKeys::parse(*body) : Result<TokenKeys>(body.error());
        if (!body.ok() && body.error().code() == ErrorCode::cancelled) {
            return;
        }
        const std::lock_guard lock(mutex);
        if (parsed.ok()) {
            keys = std::move(*parsed);
        } else if (!has_told_failure) {
            report(parsed.error().within("the keys of tokens cannot be had from " + filestore::quoted(url)));
        }
        has_told_failure = !parsed.ok();
    }
};

Result<std::shared_ptr<TokenKeySet>> TokenKeySet::open(const std::string& url) {
    if (!url.starts_with("https://") && !is_of_this_machine(url)) {
        return Error(ErrorCode::configuration, "storage.serve.jwt.jwks " + filestore::quoted(url) +
                                                   ": keys are taken from https: only, or from this machine");
    }
    auto made = std::make_shared<TokenKeySet>(url);
    made->fetch();
    return made;
}

TokenKeySet::TokenKeySet(std::string url)
    : url_(std::move(url)),
      known_(std::make_shared<Known>()),
      reactor_(std::make_shared<Reactor>()),
      transport_(http::make_curl_transport(transport_options(reactor_))) {
    known_->asked_at = std::chrono::steady_clock::now();
}

TokenKeySet::~TokenKeySet() {
    transport_->close();
    reactor_->join();
}

Result<TokenKeys> TokenKeySet::keys_for(std::string_view key_id) {
    std::unique_lock lock(known_->mutex);
    const std::optional<TokenKeys> keys = known_->keys;
    const auto age = std::chrono::steady_clock::now() - known_->asked_at;
    const bool is_wanted =
        keys ? age >= greatest_age || (age >= least_pause && !keys->has(key_id)) : age >= pause_without_any;
    if (is_wanted) {
        known_->asked_at = std::chrono::steady_clock::now();
        lock.unlock();
        fetch();
    }
    return keys ? Result<TokenKeys>(*keys)
                : Error(ErrorCode::unavailable,
                        "the keys that tokens are checked with cannot be had yet: ask again");
}

void TokenKeySet::fetch() {
    http::Request request;
    request.url = url_;
    request.headers = {{"Accept", "application/json"}};
    request.deadline = std::chrono::steady_clock::now() + longest_fetch;
    transport_->send(std::move(request),
                     std::make_shared<Answer>([known = known_, url = url_](const Result<std::string>& body) {
                         known->take(body, url);
                     }));
}

}  // namespace filestore::tool::serve
