#include "s3/protocol/checksum_headers.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "core/ascii.h"
#include "core/encoding.h"
#include "s3/protocol/headers.h"

namespace filestore::s3 {
namespace {

struct AlgorithmRow {
    ChecksumAlgorithm algorithm;
    std::string_view name;
    std::string_view header;
    const char* element;
};

constexpr std::array rows{
    AlgorithmRow{ChecksumAlgorithm::crc32, "CRC32", "x-amz-checksum-crc32", "ChecksumCRC32"},
    AlgorithmRow{ChecksumAlgorithm::crc32c, "CRC32C", "x-amz-checksum-crc32c", "ChecksumCRC32C"},
    AlgorithmRow{ChecksumAlgorithm::crc64nvme, "CRC64NVME", "x-amz-checksum-crc64nvme", "ChecksumCRC64NVME"},
    AlgorithmRow{ChecksumAlgorithm::sha1, "SHA1", "x-amz-checksum-sha1", "ChecksumSHA1"},
    AlgorithmRow{ChecksumAlgorithm::sha256, "SHA256", "x-amz-checksum-sha256", "ChecksumSHA256"},
};

constexpr const AlgorithmRow& row_of(ChecksumAlgorithm algorithm) noexcept {
    return rows[static_cast<std::size_t>(algorithm)];
}

constexpr bool rows_are_in_order() {
    return std::all_of(rows.begin(), rows.end(),
                       [](const AlgorithmRow& row) { return &row == &row_of(row.algorithm); });
}
static_assert(rows_are_in_order());

std::optional<std::uint32_t> parse_count(std::string_view digits) {
    std::uint32_t count = 0;
    const auto [end, failure] = std::from_chars(digits.data(), digits.data() + digits.size(), count);
    if (failure != std::errc() || end != digits.data() + digits.size() || count == 0) {
        return std::nullopt;
    }
    return count;
}

}  // namespace

std::string_view checksum_header(ChecksumAlgorithm algorithm) noexcept {
    return row_of(algorithm).header;
}

const char* checksum_element(ChecksumAlgorithm algorithm) noexcept {
    return row_of(algorithm).element;
}

std::size_t encoded_checksum_size(ChecksumAlgorithm algorithm) noexcept {
    return (checksum_size(algorithm) + 2) / 3 * 4;
}

std::optional<ChecksumAlgorithm> checksum_of_name(std::string_view name) noexcept {
    const auto* const row = std::find_if(rows.begin(), rows.end(), [name](const AlgorithmRow& r) {
        return equal_ignoring_case(r.name, name);
    });
    return row == rows.end() ? std::nullopt : std::optional(row->algorithm);
}

std::optional<ChecksumType> checksum_type_of_name(std::string_view name) noexcept {
    for (const ChecksumType type : {ChecksumType::full_object, ChecksumType::composite}) {
        if (name == to_string(type)) {
            return type;
        }
    }
    return std::nullopt;
}

std::optional<EncodedChecksum> parse_checksum(ChecksumAlgorithm algorithm, std::string_view text) {
    EncodedChecksum checksum;
    checksum.algorithm = algorithm;
    // No base64 digit is a dash.
    if (const std::size_t dash = text.find('-'); dash != std::string_view::npos) {
        const auto count = parse_count(text.substr(dash + 1));
        if (!count) {
            return std::nullopt;
        }
        checksum.part_count = *count;
        text = text.substr(0, dash);
    }
    const Result<std::string> digest = from_base64(text);
    if (!digest.ok() || digest->size() != checksum_size(algorithm)) {
        return std::nullopt;
    }
    checksum.base64 = text;
    return checksum;
}

std::string format_checksum(const EncodedChecksum& checksum) {
    return checksum.part_count == 0 ? checksum.base64
                                    : checksum.base64 + '-' + std::to_string(checksum.part_count);
}

std::vector<EncodedChecksum> checksums_of(const std::vector<NameValue>& headers) {
    std::vector<EncodedChecksum> checksums;
    for (const ChecksumAlgorithm algorithm : all_checksum_algorithms) {
        if (auto checksum = parse_checksum(algorithm, header_value(headers, checksum_header(algorithm)))) {
            checksums.push_back(*std::move(checksum));
        }
    }
    return checksums;
}

ChecksumType checksum_type_of(const std::vector<NameValue>& headers, const EncodedChecksum& checksum) {
    // The shape outweighs the header: digests of parts can never be compared with one of bytes.
    if (checksum.part_count != 0) {
        return ChecksumType::composite;
    }
    return checksum_type_of_name(header_value(headers, checksum_type_header))
        .value_or(ChecksumType::full_object);
}

}  // namespace filestore::s3
