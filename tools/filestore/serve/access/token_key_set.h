#pragma once

/// The public keys of who issues tokens, as its JWKS has them now.

#include <memory>
#include <string>
#include <string_view>

#include "core/reactor.h"
#include "http/transport.h"
#include "serve/access/json_web_token.h"

namespace filestore::tool::serve {

/// A resource; thread-safe.
class TokenKeySet {
public:
    /// Begins to fetch them, and does not wait for that. A failure is told on standard error. `configuration` for what is no https: URL (http: of this machine).
    [[nodiscard]] static Result<std::shared_ptr<TokenKeySet>> open(const std::string& url);

    explicit TokenKeySet(std::string url);
    ~TokenKeySet();
    TokenKeySet(const TokenKeySet&) = delete;
    TokenKeySet& operator=(const TokenKeySet&) = delete;

    /// Those that are known; `unavailable` where none are yet. Where they are old, or have none of that name, they are fetched anew behind the call, though not more than once a minute.
    [[nodiscard]] Result<TokenKeys> keys_for(std::string_view key_id);

private:
    class Answer;
    /// What answers change, which may come when the set is gone.
    struct Known;

    void fetch();

    const std::string url_;
    const std::shared_ptr<Known> known_;
    const std::shared_ptr<Reactor> reactor_;
    const std::shared_ptr<http::Transport> transport_;
};

}  // namespace filestore::tool::serve
