#include "core/secret.h"

#include <openssl/crypto.h>

#include <algorithm>

namespace filestore {

namespace {

/// Bytes of the longest secret that `text` begins with: of a key that another one begins with nothing must stay.
std::size_t secret_at_front(std::string_view text, std::span<const SecretString> secrets) {
    std::size_t longest = 0;
    for (const std::string_view secret : secrets) {
        if (text.starts_with(secret)) {
            longest = std::max(longest, secret.size());
        }
    }
    return longest;
}

}  // namespace

void wipe(std::string& text) noexcept {
    // Within the capacity this neither allocates nor moves the text.
    text.resize(text.capacity());
    OPENSSL_cleanse(text.data(), text.size());
    text.clear();
}

bool equal_secrets(std::string_view one, std::string_view other) noexcept {
    return one.size() == other.size() && CRYPTO_memcmp(one.data(), other.data(), one.size()) == 0;
}

std::string without_secrets(std::string_view text, std::span<const SecretString> secrets) {
    std::string kept;
    while (!text.empty()) {
        const std::size_t secret = secret_at_front(text, secrets);
        kept += secret > 0 ? std::string_view("***") : text.substr(0, 1);
        text.remove_prefix(std::max<std::size_t>(secret, 1));
    }
    return kept;
}

Error without_secrets(const Error& error, std::span<const SecretString> secrets) {
    std::string message = without_secrets(error.message(), secrets);
    return message == error.message() ? error : Error(error.code(), std::move(message), error.details());
}

}  // namespace filestore
