#pragma once

/// The public keys of who issues tokens, as its JWKS has them now.

#include <chrono>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "core/reactor.h"
#include "http/transport.h"
#include "serve/access/json_web_token.h"

namespace filestore::tool::serve {

/// A resource; thread-safe.
class TokenKeySet : public std::enable_shared_from_this<TokenKeySet> {
public:
    /// Fetches them, and waits for that. `configuration` for what is no https: URL (http: of this machine), `corrupt`, and those of the transport.
    [[nodiscard]] static Result<std::shared_ptr<TokenKeySet>> fetch(const std::string& url);

    explicit TokenKeySet(std::string url);
    ~TokenKeySet();
    TokenKeySet(const TokenKeySet&) = delete;
    TokenKeySet& operator=(const TokenKeySet&) = delete;

    /// Those that are known. Where they are old, or have none of that name, they are fetched anew behind the call, though not more than once a minute.
    [[nodiscard]] TokenKeys keys_for(std::string_view key_id);

private:
    class Answer;

    void send(std::shared_ptr<Answer> answer);
    void take(const Result<std::string>& body);

    const std::string url_;
    const std::shared_ptr<Reactor> reactor_;
    const std::shared_ptr<http::Transport> transport_;
    std::mutex mutex_;
    TokenKeys keys_;
    std::chrono::steady_clock::time_point asked_at_;
};

}  // namespace filestore::tool::serve
