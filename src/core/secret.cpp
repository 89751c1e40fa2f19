#include "core/secret.h"

#include <openssl/crypto.h>

namespace filestore {

void wipe(std::string& text) noexcept {
    // Within the capacity this neither allocates nor moves the text.
    text.resize(text.capacity());
    OPENSSL_cleanse(text.data(), text.size());
    text.clear();
}

}  // namespace filestore
