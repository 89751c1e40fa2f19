#pragma once

/// SHA-256, SHA-1 and MD5, and HMAC-SHA-256, by OpenSSL. SHA-1 and MD5 tell damage from no damage and prove nothing more.

#include <array>
#include <cstddef>
#include <memory>
#include <span>
#include <string_view>

#include "filestore/result.h"

namespace filestore {

enum class DigestAlgorithm { md5, sha1, sha256 };

/// In bytes.
[[nodiscard]] constexpr std::size_t digest_size(DigestAlgorithm algorithm) noexcept {
    constexpr std::array<std::size_t, 3> sizes{16, 20, 32};
    return sizes[static_cast<std::size_t>(algorithm)];
}

/// A running digest. A resource (movable); one thread at a time.
template <DigestAlgorithm algorithm>
class Digest {
public:
    using Bytes = std::array<std::byte, digest_size(algorithm)>;

    Digest();
    Digest(Digest&&) noexcept;
    Digest& operator=(Digest&&) noexcept;
    ~Digest();

    void update(std::span<const std::byte> bytes);
    /// The digest of all bytes so far; afterwards the object starts anew.
    [[nodiscard]] Bytes finish();

private:
    struct Context;
    std::unique_ptr<Context> context_;
};

extern template class Digest<DigestAlgorithm::md5>;
extern template class Digest<DigestAlgorithm::sha1>;
extern template class Digest<DigestAlgorithm::sha256>;

using Md5 = Digest<DigestAlgorithm::md5>;
using Sha1 = Digest<DigestAlgorithm::sha1>;
using Sha256 = Digest<DigestAlgorithm::sha256>;
using Sha256Digest = Sha256::Bytes;

[[nodiscard]] Sha256Digest sha256(std::string_view bytes);
[[nodiscard]] Md5::Bytes md5(std::string_view bytes);
[[nodiscard]] Sha256Digest hmac_sha256(std::span<const std::byte> key, std::string_view message);

}  // namespace filestore
