#pragma once

/// SHA-256, HMAC-SHA-256 and MD5, by OpenSSL.

#include <array>
#include <cstddef>
#include <memory>
#include <span>
#include <string_view>

#include "filestore/result.h"

namespace filestore {

using Sha256Digest = std::array<std::byte, 32>;
using Md5Digest = std::array<std::byte, 16>;

/// A running SHA-256. A resource (movable); one thread at a time.
class Sha256 {
public:
    Sha256();
    Sha256(Sha256&&) noexcept;
    Sha256& operator=(Sha256&&) noexcept;
    ~Sha256();

    void update(std::span<const std::byte> bytes);
    /// The digest of all bytes so far; afterwards the object starts anew.
    [[nodiscard]] Sha256Digest finish();

private:
    struct Context;
    std::unique_ptr<Context> context_;
};

[[nodiscard]] Sha256Digest sha256(std::string_view bytes);
[[nodiscard]] Sha256Digest hmac_sha256(std::span<const std::byte> key, std::string_view message);

/// For what a protocol asks MD5 for; it secures nothing. `unsupported` where OpenSSL's configuration leaves it out (FIPS).
[[nodiscard]] Result<Md5Digest> md5(std::string_view bytes);

}  // namespace filestore
