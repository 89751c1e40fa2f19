#include "serve/access/token_key_set.h"

#include <functional>
#include <future>
#include <utility>

#include "core/text.h"
#include "core/try.h"
#include "http/curl_transport.h"

namespace filestore::tool::serve {

namespace {

constexpr std::chrono::seconds longest_fetch{10};
constexpr std::chrono::minutes least_pause{1};
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

Result<std::shared_ptr<TokenKeySet>> TokenKeySet::fetch(const std::string& url) {
    if (!url.starts_with("https://") && !is_of_this_machine(url)) {
        return Error(ErrorCode::configuration, "serve.jwt.jwks " + quoted(url) +
                                                   ": keys are taken from https: only, or from this machine");
    }
    auto made = std::make_shared<TokenKeySet>(url);
    std::promise<Result<std::string>> promise;
    auto body = promise.get_future();
    made->send(std::make_shared<Answer>(
        [&promise](Result<std::string> result) { promise.set_value(std::move(result)); }));
    const auto fetched = body.get();
    if (!fetched.ok()) {
        return fetched.error().within("the keys of tokens cannot be had from " + quoted(url));
    }
    FILESTORE_TRY_ASSIGN(made->keys_, TokenKeys::parse(*fetched));
    return made;
}

TokenKeySet::TokenKeySet(std::string url)
    : url_(std::move(url)),
      reactor_(std::make_shared<Reactor>()),
      transport_(http::make_curl_transport(transport_options(reactor_))),
      asked_at_(std::chrono::steady_clock::now()) {}

TokenKeySet::~TokenKeySet() {
    transport_->close();
    reactor_->join();
}

TokenKeys TokenKeySet::keys_for(std::string_view key_id) {
    std::unique_lock lock(mutex_);
    TokenKeys known = keys_;
    const auto age = std::chrono::steady_clock::now() - asked_at_;
    const bool is_wanted = age >= greatest_age || (age >= least_pause && !known.has(key_id));
    if (is_wanted) {
        asked_at_ = std::chrono::steady_clock::now();
        lock.unlock();
        send(std::make_shared<Answer>([weak = weak_from_this()](const Result<std::string>& body) {
            if (const auto self = weak.lock()) {
                self->take(body);
            }
        }));
    }
    return known;
}

void TokenKeySet::send(std::shared_ptr<Answer> answer) {
    http::Request request;
    request.url = url_;
    request.headers = {{"Accept", "application/json"}};
    request.deadline = std::chrono::steady_clock::now() + longest_fetch;
    transport_->send(std::move(request), std::move(answer));
}

/// What cannot be had or read leaves the keys that there are.
void TokenKeySet::take(const Result<std::string>& body) {
    auto parsed = body.ok() ? TokenKeys::parse(*body) : Result<TokenKeys>(body.error());
    if (parsed.ok()) {
        const std::lock_guard lock(mutex_);
        keys_ = std::move(*parsed);
    }
}

}  // namespace filestore::tool::serve
