#include <algorithm>
#include <array>
#include <charconv>
#include <span>

#include "core/ascii.h"
#include "core/encoding.h"
#include "core/text.h"
#include "filestore/checksum.h"

namespace filestore {

namespace {

struct Known {
    ChecksumAlgorithm algorithm;
    std::string_view name;
    std::string_view header_suffix;
    std::size_t size;
};

constexpr std::array<Known, 5> known_algorithms{{{ChecksumAlgorithm::crc32, "CRC32", "crc32", 4},
                                                 {ChecksumAlgorithm::crc32c, "CRC32C", "crc32c", 4},
                                                 {ChecksumAlgorithm::crc64nvme, "CRC64NVME", "crc64nvme", 8},
                                                 {ChecksumAlgorithm::sha1, "SHA1", "sha1", 20},
                                                 {ChecksumAlgorithm::sha256, "SHA256", "sha256", 32}}};

const Known& known(ChecksumAlgorithm algorithm) noexcept {
    return known_algorithms[static_cast<std::size_t>(algorithm)];
}

Error not_a_value(ChecksumAlgorithm algorithm, std::string_view text) {
    return {ErrorCode::invalid_argument, quoted(text) + " is no " + std::string(to_string(algorithm)) +
                                             " checksum: it must be " +
                                             std::to_string(checksum_size(algorithm)) +
                                             " bytes in base64, followed by -PARTS where it is composite"};
}

std::vector<std::byte> bytes_of(std::string_view text) {
    const auto bytes = std::as_bytes(std::span(text));
    return {bytes.begin(), bytes.end()};
}

}  // namespace

std::string_view to_string(ChecksumAlgorithm algorithm) noexcept {
    return known(algorithm).name;
}

std::string_view checksum_header_suffix(ChecksumAlgorithm algorithm) noexcept {
    return known(algorithm).header_suffix;
}

std::size_t checksum_size(ChecksumAlgorithm algorithm) noexcept {
    return known(algorithm).size;
}

std::string_view to_string(ChecksumType type) noexcept {
    return type == ChecksumType::composite ? "COMPOSITE" : "FULL_OBJECT";
}

Result<ChecksumAlgorithm> parse_checksum_algorithm(std::string_view name) {
    for (const Known& entry : known_algorithms) {
        if (equal_ignoring_case(name, entry.name)) {
            return entry.algorithm;
        }
    }
    return Error(ErrorCode::invalid_argument, "there is no checksum algorithm " + quoted(name) +
                                                  "; there are CRC32, CRC32C, CRC64NVME, SHA1 and SHA256");
}

Result<ChecksumValue> ChecksumValue::parse(ChecksumAlgorithm algorithm, std::string_view text) {
    ChecksumValue value{algorithm, {}, 0};
    const std::size_t dash = std::min(text.find('-'), text.size());
    if (dash < text.size()) {
        std::from_chars(text.data() + dash + 1, text.data() + text.size(), value.parts);
    }
    const auto bytes = from_base64(text.substr(0, dash));
    if (!bytes.ok() || bytes->size() != checksum_size(algorithm)) {
        return not_a_value(algorithm, text);
    }
    value.bytes = bytes_of(*bytes);
    // One value has one text: this also finds a number of parts that is none, is zero or has a leading zero.
    if (value.text() != text) {
        return not_a_value(algorithm, text);
    }
    return value;
}

std::string ChecksumValue::text() const {
    const std::string base64 = to_base64({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
    return parts == 0 ? base64 : base64 + "-" + std::to_string(parts);
}

}  // namespace filestore
