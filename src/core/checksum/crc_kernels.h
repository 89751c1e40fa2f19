#pragma once

/// The implementations of the CRCs, one for each set of instructions. Pure functions, apart from the question what the
/// processor can do; thread-safe.
///
/// A kernel takes the register of the CRC, runs `bytes` through it and answers the register; what is inverted before and
/// after is not its business.

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "core/checksum/crc.h"

namespace filestore {

using CrcKernel = std::uint64_t (*)(CrcAlgorithm algorithm, std::uint64_t state,
                                    std::span<const std::byte> bytes) noexcept;

/// By tables; for every processor.
[[nodiscard]] std::uint64_t crc_portable(CrcAlgorithm algorithm, std::uint64_t state,
                                         std::span<const std::byte> bytes) noexcept;

#if defined(__x86_64__)
/// By PCLMULQDQ on 128 bits.
[[nodiscard]] std::uint64_t crc_pclmul(CrcAlgorithm algorithm, std::uint64_t state,
                                       std::span<const std::byte> bytes) noexcept;
/// By VPCLMULQDQ on 256 bits.
[[nodiscard]] std::uint64_t crc_vpclmul256(CrcAlgorithm algorithm, std::uint64_t state,
                                           std::span<const std::byte> bytes) noexcept;
/// By VPCLMULQDQ on 512 bits.
[[nodiscard]] std::uint64_t crc_vpclmul512(CrcAlgorithm algorithm, std::uint64_t state,
                                           std::span<const std::byte> bytes) noexcept;
#endif

struct NamedCrcKernel {
    std::string_view name;
    CrcKernel kernel;
};

/// Those that this processor and its operating system can run, the fastest last.
[[nodiscard]] std::span<const NamedCrcKernel> usable_crc_kernels() noexcept;

/// As update_crc, by the kernel given.
[[nodiscard]] std::uint64_t update_crc_by(CrcKernel kernel, CrcAlgorithm algorithm, std::uint64_t crc,
                                          std::span<const std::byte> bytes) noexcept;

}  // namespace filestore
