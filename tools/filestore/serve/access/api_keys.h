#pragma once

/// Keys of programs that call the service. Only their hashes are kept: a key has 256 random bits, so SHA-256 is hash enough.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "filestore/result.h"
#include "serve/access/scopes.h"

namespace filestore::tool::serve {

/// Who calls. A value.
struct Identity {
    /// Of the key, or the subject of the token.
    std::string name;
    Scopes scopes;
    /// Whose requests count together: those of a key, of the subject of tokens, or of a role where they name none. Empty for who is nobody.
    std::string counted_as{};
};

/// A value.
struct ApiKey {
    Identity identity;
    /// As `filestore key` prints it.
    std::string hash;
};

/// Whether the text is one: `sha256:` and 64 hexadecimal digits.
[[nodiscard]] bool is_key_hash(std::string_view text) noexcept;

/// Whose key it is; nothing where it is nobody's. Looks at every key, in the same time for each.
[[nodiscard]] std::optional<Identity> find_key(const std::vector<ApiKey>& keys, std::string_view key);

/// A new key, and what the configuration keeps of it. A value.
struct NewKey {
    std::string key;
    std::string hash;
};
/// `io` where the system gives no random bytes.
[[nodiscard]] Result<NewKey> make_key();

}  // namespace filestore::tool::serve
