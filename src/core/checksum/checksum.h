#pragma once

/// Checksums of bytes as they pass, and of objects out of those of their parts.

#include <cstddef>
#include <cstdint>
#include <span>
#include <variant>

#include "core/checksum/crc.h"
#include "core/digest.h"
#include "filestore/checksum.h"

namespace filestore {

/// A running checksum. A resource (movable); one thread at a time.
class Checksum {
public:
    explicit Checksum(ChecksumAlgorithm algorithm);

    [[nodiscard]] ChecksumAlgorithm algorithm() const noexcept { return algorithm_; }

    void update(std::span<const std::byte> bytes);
    /// The checksum of all bytes so far; afterwards the object starts anew.
    [[nodiscard]] ChecksumValue finish();

private:
    struct Crc {
        CrcAlgorithm algorithm;
        std::uint64_t value = 0;
    };
    using State = std::variant<Crc, Sha1, Sha256>;

    static State start(ChecksumAlgorithm algorithm);

    ChecksumAlgorithm algorithm_;
    State state_;
};

/// The checksum of `bytes`.
[[nodiscard]] ChecksumValue checksum_of(ChecksumAlgorithm algorithm, std::span<const std::byte> bytes);

/// A part of an object: the checksum of its bytes, and their number.
struct PartChecksum {
    ChecksumValue value;
    std::uint64_t size = 0;
};

/// Whether S3 keeps a checksum of this algorithm and type for an object that was uploaded in parts: CRC64NVME only of
/// the whole object, SHA-1 and SHA-256 only of the parts' values.
[[nodiscard]] bool is_multipart_checksum(ChecksumAlgorithm algorithm, ChecksumType type) noexcept;

/// The checksum of an object that was uploaded in `parts`, in their order. `unsupported` where
/// `is_multipart_checksum` says no; `invalid_argument` when there is no part, or one whose value is composite, of
/// another algorithm or of a wrong size.
[[nodiscard]] Result<ChecksumValue> multipart_checksum(ChecksumAlgorithm algorithm, ChecksumType type,
                                                       std::span<const PartChecksum> parts);

}  // namespace filestore
