#include "serve/access/api_keys.h"

#include <sys/random.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <span>

#include "core/descriptor.h"
#include "core/encoding.h"
#include "core/secret.h"
#include "core/text.h"

namespace filestore::tool::serve {

namespace {

constexpr std::string_view hash_prefix = "sha256:";
/// By which a key is known for one, also to scanners of code that is published by mistake.
constexpr std::string_view key_prefix = "filestore_";
constexpr std::size_t key_bytes = 32;

std::string_view text_of(const Sha256Digest& digest) {
    return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}

std::optional<unsigned> digit_of(char letter) {
    constexpr std::string_view digits = "0123456789abcdef";
    const std::size_t place = digits.find(letter);
    return place == std::string_view::npos ? std::nullopt : std::optional(static_cast<unsigned>(place));
}

}  // namespace

Result<Sha256Digest> parse_key_hash(std::string_view text) {
    Sha256Digest hash{};
    const bool has_form =
        text.starts_with(hash_prefix) && text.size() == hash_prefix.size() + 2 * hash.size();
    for (std::size_t i = 0; has_form && i < hash.size(); ++i) {
        const auto high = digit_of(text[hash_prefix.size() + 2 * i]);
        const auto low = digit_of(text[hash_prefix.size() + 2 * i + 1]);
        if (!high || !low) {
            return Error(ErrorCode::invalid_argument,
                         quoted(text) + " is no hash of a key: 'filestore key' makes one");
        }
        hash[i] = static_cast<std::byte>(*high * 16 + *low);
    }
    return has_form ? Result<Sha256Digest>(hash)
                    : Error(ErrorCode::invalid_argument,
                            quoted(text) + " is no hash of a key: 'filestore key' makes one");
}

std::optional<Identity> find_key(const std::vector<ApiKey>& keys, std::string_view key) {
    const Sha256Digest hash = sha256(key);
    const ApiKey* found = nullptr;
    for (const ApiKey& candidate : keys) {
        found = equal_secrets(text_of(candidate.hash), text_of(hash)) ? &candidate : found;
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
    made.hash = std::string(hash_prefix) + to_hex(sha256(made.key));
    return made;
}

}  // namespace filestore::tool::serve
