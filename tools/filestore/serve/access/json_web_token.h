#pragma once

/// JSON Web Tokens (RFC 7519) with a signature (RFC 7515): HS256 by a secret, RS256 and ES256 by the public keys of a JWKS (RFC 7517). Pure functions: the time and the keys are given.

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "filestore/result.h"
#include "filestore/secret.h"
#include "filestore/time.h"
#include "serve/access/api_keys.h"

namespace filestore::tool::serve {

/// What tokens are taken. A value.
struct TokenRules {
    /// Of HS256; empty where that is not taken.
    SecretString secret{};
    /// Each must be the token's where it is given.
    std::string audience{};
    std::string issuer{};
    /// By the token's claim `role`. A role that is not named may do nothing.
    std::map<std::string, Scopes> roles{};
};

/// The public keys of a JWKS. A value (shared, immutable).
class TokenKeys {
public:
    /// Keys of other kinds are passed over. `corrupt` for what is no JWKS.
    [[nodiscard]] static Result<TokenKeys> parse(std::string_view json);

    TokenKeys();
    [[nodiscard]] bool empty() const noexcept;
    /// Whether a key has that name.
    [[nodiscard]] bool has(std::string_view key_id) const noexcept;
    [[nodiscard]] bool verify(std::string_view algorithm, std::string_view key_id, std::string_view message,
                              std::string_view signature) const;

private:
    struct Key;
    std::shared_ptr<const std::vector<Key>> keys_;
};

/// Whether the text has the form of a token, so that it is no API key.
[[nodiscard]] bool looks_like_token(std::string_view text) noexcept;

/// The key that a token was signed with, by its header; empty where that does not say.
[[nodiscard]] std::string key_id_of(std::string_view token);

/// Whose token it is. `unauthenticated`, with the reason, where it is not right, not yet or no longer. The clocks of the two may differ by a minute.
[[nodiscard]] Result<Identity> verify_token(std::string_view token, const TokenRules& rules,
                                            const TokenKeys& keys, Timestamp now);

}  // namespace filestore::tool::serve
