#pragma once

/// Who calls, and what that lets him do.

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "filestore/time.h"
#include "serve/access/api_keys.h"
#include "serve/access/json_web_token.h"
#include "serve/access/token_key_set.h"
#include "serve/message.h"

namespace filestore::tool::serve {

/// A value (shared handles); immutable, so for any thread.
class Authenticator {
public:
    /// Without keys and rules everybody may do everything: the service is for programs of this machine then. `token_keys` may be null.
    Authenticator(std::vector<ApiKey> keys, std::optional<TokenRules> rules,
                  std::shared_ptr<TokenKeySet> token_keys)
        : keys_(std::move(keys)), rules_(std::move(rules)), token_keys_(std::move(token_keys)) {}

    [[nodiscard]] const std::shared_ptr<TokenKeySet>& token_keys() const noexcept { return token_keys_; }
    [[nodiscard]] bool is_open() const noexcept { return keys_.empty() && !rules_; }

    /// What it would take a signature to tell whose it is: a token. Empty where the request has none.
    [[nodiscard]] std::string_view token_in(const Request& request) const;

    /// By `Authorization: Bearer` or `X-Api-Key`. `unauthenticated`, with the reason, where neither is right; `unavailable` where that cannot be told yet.
    [[nodiscard]] Result<Identity> identify(const Request& request, Timestamp now) const;

private:
    [[nodiscard]] Result<Identity> identify(std::string_view credential, Timestamp now) const;

    std::vector<ApiKey> keys_;
    std::optional<TokenRules> rules_;
    std::shared_ptr<TokenKeySet> token_keys_;
};

}  // namespace filestore::tool::serve
