#include "core/secret.h"

#include <openssl/crypto.h>

namespace filestore {

void wipe(std::string& text) noexcept {
    // Within the capacity this neither allocates nor moves the text.
    text.resize(text.capacity());
    OPENSSL_cleanse(text.data(), text.size());
    text.clear();
}

bool equal_secrets(std::string_view one, std::string_view other) noexcept {
    return one.size() == other.size() && CRYPTO_memcmp(one.data(), other.data(), one.size()) == 0;
}

}  // namespace filestore
