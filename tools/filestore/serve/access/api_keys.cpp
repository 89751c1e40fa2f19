#include "serve/access/api_keys.h"

#include <sys/random.h>

#include <array>
#include <cerrno>
#include <cstddef>

#include "core/descriptor.h"
#include "core/digest.h"
#include "core/encoding.h"
#include "core/secret.h"

namespace filestore::tool::serve {

namespace {

constexpr std::string_view hash_prefix = "sha256:";
/// By which a key is known for one, also to scanners of code that is published by mistake.
constexpr std::string_view key_prefix = "filestore_";
constexpr std::size_t key_bytes = 32;

std::string hash_of(std::string_view key) {
    return std::string(hash_prefix) + to_hex(sha256(key));
}

}  // namespace

bool is_key_hash(std::string_view text) noexcept {
    constexpr std::size_t digits = 2 * digest_size(DigestAlgorithm::sha256);
    return text.starts_with(hash_prefix) && text.size() == hash_prefix.size() + digits &&
           text.find_first_not_of("0123456789abcdef", hash_prefix.size()) == std::string_view::npos;
}

std::optional<Identity> find_key(const std::vector<ApiKey>& keys, std::string_view key) {
    const std::string hash = hash_of(key);
    const ApiKey* found = nullptr;
    for (const ApiKey& candidate : keys) {
        found = equal_secrets(candidate.hash, hash) ? &candidate : found;
    }
    return found == nullptr ? std::nullopt : std::optional(found->identity);
}

Result<NewKey> make_key() {
    std::array<std::byte, key_bytes> random{};
    if (::getrandom(random.data(), random.size(), 0) != static_cast<ssize_t>(random.size())) {
        return errno_error(errno, "no random bytes can be had");
    }
    NewKey made;
    made.key = std::string(key_prefix) + to_hex(random);
    made.hash = hash_of(made.key);
    return made;
}

}  // namespace filestore::tool::serve
