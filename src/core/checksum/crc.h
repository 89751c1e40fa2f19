#pragma once

/// The cyclic redundancy checks of S3, by the fastest instructions that the processor has. Pure functions.

#include <cstddef>
#include <cstdint>
#include <span>

namespace filestore {

/// CRC-32 of IEEE 802.3, CRC-32C of RFC 3720 and CRC-64 of the NVM Express NVM command set; all three reflected, with
/// all bits of the register set at first and inverted at the end.
enum class CrcAlgorithm { crc32, crc32c, crc64nvme };

/// 4 or 8.
[[nodiscard]] constexpr std::size_t crc_size(CrcAlgorithm algorithm) noexcept {
    return algorithm == CrcAlgorithm::crc64nvme ? 8 : 4;
}

/// The CRC of the bytes that `crc` stands for followed by `bytes`; 0 stands for none. CRCs of 32 bits are in the low half.
[[nodiscard]] std::uint64_t update_crc(CrcAlgorithm algorithm, std::uint64_t crc,
                                       std::span<const std::byte> bytes) noexcept;

/// The CRC of the bytes of `first` followed by the `second_size` bytes of `second`. Takes microseconds for any size.
[[nodiscard]] std::uint64_t combine_crc(CrcAlgorithm algorithm, std::uint64_t first, std::uint64_t second,
                                        std::uint64_t second_size) noexcept;

}  // namespace filestore
