#include "core/digest.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <algorithm>
#include <new>
#include <stdexcept>

namespace filestore {

namespace {

constexpr std::size_t block_size = 64;

EVP_MD* fetch_sha256() {
    EVP_MD* const algorithm = EVP_MD_fetch(nullptr, "SHA256", nullptr);
    if (algorithm == nullptr) {
        throw std::runtime_error("OpenSSL offers no SHA-256: check its configuration");
    }
    return algorithm;
}

/// Fetched once, because each fetch takes a lock and a search. Never freed: it is used while the process
/// exits, too.
const EVP_MD* sha256_algorithm() {
    static EVP_MD* const algorithm = fetch_sha256();
    return algorithm;
}

/// OpenSSL's digest calls fail for lack of memory only, once the algorithm is there.
void require(int outcome) {
    if (outcome != 1) {
        throw std::bad_alloc();
    }
}

unsigned char* openssl_bytes(std::byte* bytes) {
    return reinterpret_cast<unsigned char*>(bytes);
}

std::span<const std::byte> bytes_of(std::string_view text) {
    return std::as_bytes(std::span(text));
}

/// The padded key of RFC 2104; wiped when it goes.
class KeyBlock {
public:
    explicit KeyBlock(std::span<const std::byte> key);
    KeyBlock(const KeyBlock&) = delete;
    KeyBlock& operator=(const KeyBlock&) = delete;
    ~KeyBlock() { OPENSSL_cleanse(bytes_.data(), bytes_.size()); }

    void flip(std::byte mask) {
        for (std::byte& byte : bytes_) {
            byte ^= mask;
        }
    }
    [[nodiscard]] std::span<const std::byte> bytes() const { return bytes_; }

private:
    std::array<std::byte, block_size> bytes_{};
};

Sha256Digest digest_of(std::span<const std::byte> bytes) {
    Sha256Digest digest{};
    require(EVP_Digest(bytes.data(), bytes.size(), openssl_bytes(digest.data()), nullptr, sha256_algorithm(),
                       nullptr));
    return digest;
}

KeyBlock::KeyBlock(std::span<const std::byte> key) {
    if (key.size() > block_size) {
        const Sha256Digest shortened = digest_of(key);
        std::copy(shortened.begin(), shortened.end(), bytes_.begin());
    } else {
        std::copy(key.begin(), key.end(), bytes_.begin());
    }
}

}  // namespace

struct Sha256::Context {
    Context() : state(EVP_MD_CTX_new()) { require(state != nullptr ? 1 : 0); }
    Context(const Context&) = delete;
    Context& operator=(const Context&) = delete;
    ~Context() { EVP_MD_CTX_free(state); }

    void start() { require(EVP_DigestInit_ex(state, sha256_algorithm(), nullptr)); }

    EVP_MD_CTX* const state;
};

Sha256::Sha256() : context_(std::make_unique<Context>()) {
    context_->start();
}
Sha256::Sha256(Sha256&&) noexcept = default;
Sha256& Sha256::operator=(Sha256&&) noexcept = default;
Sha256::~Sha256() = default;

void Sha256::update(std::span<const std::byte> bytes) {
    require(EVP_DigestUpdate(context_->state, bytes.data(), bytes.size()));
}

Sha256Digest Sha256::finish() {
    Sha256Digest digest{};
    require(EVP_DigestFinal_ex(context_->state, openssl_bytes(digest.data()), nullptr));
    context_->start();
    return digest;
}

Sha256Digest sha256(std::string_view bytes) {
    return digest_of(bytes_of(bytes));
}

// RFC 2104 over one context: OpenSSL's own HMAC takes twice the time for the short messages that are signed.
Sha256Digest hmac_sha256(std::span<const std::byte> key, std::string_view message) {
    constexpr std::byte inner_mask{0x36};
    constexpr std::byte outer_mask{0x5C};
    KeyBlock block(key);
    Sha256 hash;
    block.flip(inner_mask);
    hash.update(block.bytes());
    hash.update(bytes_of(message));
    const Sha256Digest inner = hash.finish();
    block.flip(inner_mask ^ outer_mask);
    hash.update(block.bytes());
    hash.update(inner);
    return hash.finish();
}

Result<Md5Digest> md5(std::string_view bytes) {
    static EVP_MD* const algorithm = EVP_MD_fetch(nullptr, "MD5", nullptr);
    if (algorithm == nullptr) {
        return Error(ErrorCode::unsupported, "OpenSSL offers no MD5: its configuration leaves it out");
    }
    Md5Digest digest{};
    require(
        EVP_Digest(bytes.data(), bytes.size(), openssl_bytes(digest.data()), nullptr, algorithm, nullptr));
    return digest;
}

}  // namespace filestore
