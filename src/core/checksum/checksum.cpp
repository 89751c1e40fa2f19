#include "core/checksum/checksum.h"

#include <limits>
#include <optional>
#include <string>
#include <utility>

#include "core/try.h"

namespace filestore {

namespace {

std::optional<CrcAlgorithm> crc_algorithm(ChecksumAlgorithm algorithm) noexcept {
    switch (algorithm) {
        case ChecksumAlgorithm::crc32:
            return CrcAlgorithm::crc32;
        case ChecksumAlgorithm::crc32c:
            return CrcAlgorithm::crc32c;
        case ChecksumAlgorithm::crc64nvme:
            return CrcAlgorithm::crc64nvme;
        case ChecksumAlgorithm::sha1:
        case ChecksumAlgorithm::sha256:
            break;
    }
    return std::nullopt;
}

std::vector<std::byte> big_endian(std::uint64_t number, std::size_t size) {
    std::vector<std::byte> bytes(size);
    for (std::size_t i = size; i-- > 0; number >>= 8) {
        bytes[i] = static_cast<std::byte>(number & 0xFF);
    }
    return bytes;
}

std::uint64_t number_of(std::span<const std::byte> big_endian_bytes) noexcept {
    std::uint64_t number = 0;
    for (const std::byte byte : big_endian_bytes) {
        number = number << 8 | std::to_integer<std::uint64_t>(byte);
    }
    return number;
}

Result<void> check_parts(ChecksumAlgorithm algorithm, std::span<const PartChecksum> parts) {
    if (parts.empty() || parts.size() > std::numeric_limits<std::uint32_t>::max()) {
        return Error(ErrorCode::invalid_argument, "an object of " + std::to_string(parts.size()) +
                                                      " parts has no checksum that is made of theirs");
    }
    for (std::size_t i = 0; i < parts.size(); ++i) {
        const ChecksumValue& value = parts[i].value;
        if (value.algorithm != algorithm || value.parts != 0 ||
            value.bytes.size() != checksum_size(algorithm)) {
            return Error(ErrorCode::invalid_argument, "the checksum of part " + std::to_string(i + 1) +
                                                          " is no " + std::string(to_string(algorithm)) +
                                                          " of its bytes");
        }
    }
    return {};
}

ChecksumValue composite(ChecksumAlgorithm algorithm, std::span<const PartChecksum> parts) {
    Checksum running(algorithm);
    for (const PartChecksum& part : parts) {
        running.update(part.value.bytes);
    }
    ChecksumValue value = running.finish();
    value.parts = static_cast<std::uint32_t>(parts.size());
    return value;
}

ChecksumValue full_object(ChecksumAlgorithm algorithm, CrcAlgorithm crc_of,
                          std::span<const PartChecksum> parts) {
    std::uint64_t crc = 0;
    for (const PartChecksum& part : parts) {
        crc = combine_crc(crc_of, crc, number_of(part.value.bytes), part.size);
    }
    return {algorithm, big_endian(crc, checksum_size(algorithm)), 0};
}

}  // namespace

Checksum::Checksum(ChecksumAlgorithm algorithm) : algorithm_(algorithm), state_(start(algorithm)) {}

Checksum::State Checksum::start(ChecksumAlgorithm algorithm) {
    if (const auto crc = crc_algorithm(algorithm)) {
        return Crc{*crc};
    }
    if (algorithm == ChecksumAlgorithm::sha1) {
        return Sha1();
    }
    return Sha256();
}

void Checksum::update(std::span<const std::byte> bytes) {
    if (Crc* const crc = std::get_if<Crc>(&state_)) {
        crc->value = update_crc(crc->algorithm, crc->value, bytes);
    } else if (Sha1* const sha1 = std::get_if<Sha1>(&state_)) {
        sha1->update(bytes);
    } else {
        std::get<Sha256>(state_).update(bytes);
    }
}

ChecksumValue Checksum::finish() {
    ChecksumValue value{algorithm_, {}, 0};
    if (Crc* const crc = std::get_if<Crc>(&state_)) {
        value.bytes = big_endian(std::exchange(crc->value, 0), crc_size(crc->algorithm));
    } else if (Sha1* const sha1 = std::get_if<Sha1>(&state_)) {
        const Sha1::Bytes digest = sha1->finish();
        value.bytes.assign(digest.begin(), digest.end());
    } else {
        const Sha256::Bytes digest = std::get<Sha256>(state_).finish();
        value.bytes.assign(digest.begin(), digest.end());
    }
    return value;
}

ChecksumValue checksum_of(ChecksumAlgorithm algorithm, std::span<const std::byte> bytes) {
    Checksum running(algorithm);
    running.update(bytes);
    return running.finish();
}

bool is_multipart_checksum(ChecksumAlgorithm algorithm, ChecksumType type) noexcept {
    return type == ChecksumType::full_object ? crc_algorithm(algorithm).has_value()
                                             : algorithm != ChecksumAlgorithm::crc64nvme;
}

Result<ChecksumValue> multipart_checksum(ChecksumAlgorithm algorithm, ChecksumType type,
                                         std::span<const PartChecksum> parts) {
    if (!is_multipart_checksum(algorithm, type)) {
        return Error(ErrorCode::unsupported, "an upload in parts has no " +
                                                 std::string(to_string(algorithm)) + " checksum of type " +
                                                 std::string(to_string(type)));
    }
    FILESTORE_TRY(check_parts(algorithm, parts));
    const auto crc = crc_algorithm(algorithm);
    return type == ChecksumType::full_object ? full_object(algorithm, *crc, parts)
                                             : composite(algorithm, parts);
}

}  // namespace filestore
