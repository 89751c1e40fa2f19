#pragma once

/// Checksums as S3 names and writes them: headers `x-amz-checksum-*`, elements `<ChecksumCRC32C>` (S3 user guide, "Checking object
/// integrity"). Pure functions.

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "filestore/checksum.h"
#include "filestore/result.h"
#include "s3/protocol/uri.h"

namespace filestore::s3 {

/// On a PUT, on CreateMultipartUpload (which algorithm the parts will have), and on a body with a trailer.
inline constexpr std::string_view sdk_checksum_algorithm_header = "x-amz-sdk-checksum-algorithm";
inline constexpr std::string_view checksum_algorithm_header = "x-amz-checksum-algorithm";
inline constexpr std::string_view checksum_type_header = "x-amz-checksum-type";
/// With the value "ENABLED", on GET and HEAD: the answer then has the checksums.
inline constexpr std::string_view checksum_mode_header = "x-amz-checksum-mode";

/// Whether a multipart object's checksum is that of its bytes, or that of its parts' checksums. A value.
enum class ChecksumType { full_object, composite };

/// A checksum as S3 writes it. A value.
struct EncodedChecksum {
    ChecksumAlgorithm algorithm = ChecksumAlgorithm::crc64nvme;
    /// Base64 of the digest, big-endian for the CRCs; without the `-N` of a composite one.
    std::string base64;
    /// The N of `base64-N`: how many parts a composite checksum is made of; 0 for a checksum of bytes.
    std::uint32_t part_count = 0;

    friend bool operator==(const EncodedChecksum&, const EncodedChecksum&) = default;
};

/// In the order in which a reader prefers them: the cheapest to verify first.
inline constexpr std::array all_checksum_algorithms{ChecksumAlgorithm::crc64nvme, ChecksumAlgorithm::crc32c,
                                                    ChecksumAlgorithm::crc32, ChecksumAlgorithm::sha1,
                                                    ChecksumAlgorithm::sha256};

/// "CRC32C": the value of x-amz-checksum-algorithm.
[[nodiscard]] std::string_view checksum_name(ChecksumAlgorithm algorithm) noexcept;

/// "x-amz-checksum-crc32c".
[[nodiscard]] std::string_view checksum_header(ChecksumAlgorithm algorithm) noexcept;

/// "ChecksumCRC32C".
[[nodiscard]] const char* checksum_element(ChecksumAlgorithm algorithm) noexcept;

/// Bytes of the digest.
[[nodiscard]] std::size_t checksum_size(ChecksumAlgorithm algorithm) noexcept;

/// Characters of its base64 form: what a trailer of this algorithm takes.
[[nodiscard]] std::size_t encoded_checksum_size(ChecksumAlgorithm algorithm) noexcept;

/// The algorithm with this name in any case; nothing for another name.
[[nodiscard]] std::optional<ChecksumAlgorithm> checksum_of_name(std::string_view name) noexcept;

/// "FULL_OBJECT", "COMPOSITE".
[[nodiscard]] std::string_view checksum_type_name(ChecksumType type) noexcept;

/// Nothing for another word.
[[nodiscard]] std::optional<ChecksumType> checksum_type_of_name(std::string_view name) noexcept;

/// Reads `BASE64` or `BASE64-N`; nothing where it is neither or the digest has another size.
[[nodiscard]] std::optional<EncodedChecksum> parse_checksum(ChecksumAlgorithm algorithm,
                                                            std::string_view text);

/// What parse_checksum() reads.
[[nodiscard]] std::string format_checksum(const EncodedChecksum& checksum);

/// The checksums among the headers of an answer (names in lower case), in the order of all_checksum_algorithms. Malformed ones are left out:
/// a checksum is an extra assurance that a server may garble, and never a reason to keep a file from its reader.
[[nodiscard]] std::vector<EncodedChecksum> checksums_of(const std::vector<NameValue>& headers);

/// What the checksum is of: by its own shape, `-N`, or else by the header x-amz-checksum-type of the answer; `full_object` without either.
[[nodiscard]] ChecksumType checksum_type_of(const std::vector<NameValue>& headers,
                                            const EncodedChecksum& checksum);

}  // namespace filestore::s3
