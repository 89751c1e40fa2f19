#pragma once

/// The checksums that S3 keeps with an object. All types are values; one thread at a time. Nothing blocks.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "filestore/export.h"
#include "filestore/result.h"

namespace filestore {

enum class ChecksumAlgorithm { crc32, crc32c, crc64nvme, sha1, sha256 };

/// As S3 names it: "CRC32", "CRC32C", "CRC64NVME", "SHA1", "SHA256".
[[nodiscard]] FILESTORE_API std::string_view to_string(ChecksumAlgorithm algorithm) noexcept;

/// The last part of the header that carries a value, as in `x-amz-checksum-crc32`: the name in lower case.
[[nodiscard]] FILESTORE_API std::string_view checksum_header_suffix(ChecksumAlgorithm algorithm) noexcept;

/// Reads a name, in upper or lower case. `invalid_argument`, with the names that there are, for any other text.
[[nodiscard]] FILESTORE_API Result<ChecksumAlgorithm> parse_checksum_algorithm(std::string_view name);

/// The size of a value in bytes: 4, 8, 20 or 32.
[[nodiscard]] FILESTORE_API std::size_t checksum_size(ChecksumAlgorithm algorithm) noexcept;

/// What the value of an object that was uploaded in parts is made of.
enum class ChecksumType {
    /// The object's bytes.
    full_object,
    /// The values of its parts, one after the other.
    composite
};

/// As S3 names it: "FULL_OBJECT", "COMPOSITE".
[[nodiscard]] FILESTORE_API std::string_view to_string(ChecksumType type) noexcept;

/// One checksum.
struct FILESTORE_API ChecksumValue {
    ChecksumAlgorithm algorithm = ChecksumAlgorithm::crc32;
    /// `checksum_size(algorithm)` bytes, the highest first.
    std::vector<std::byte> bytes;
    /// How many parts a composite value is made of; 0 for a value over the bytes themselves.
    std::uint32_t parts = 0;

    /// Reads the text of a header: padded base64, followed by `-` and the number of parts where it is composite.
    /// `invalid_argument` for any other text, and for a value of another size than the algorithm's.
    [[nodiscard]] static Result<ChecksumValue> parse(ChecksumAlgorithm algorithm, std::string_view text);

    /// The text of a header, which `parse` reads.
    [[nodiscard]] std::string text() const;

    [[nodiscard]] ChecksumType type() const noexcept {
        return parts == 0 ? ChecksumType::full_object : ChecksumType::composite;
    }

    friend bool operator==(const ChecksumValue&, const ChecksumValue&) = default;
};

}  // namespace filestore
