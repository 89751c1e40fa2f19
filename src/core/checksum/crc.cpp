#include "core/checksum/crc.h"

#include "core/checksum/crc_kernels.h"
#include "core/checksum/crc_polynomial.h"

namespace filestore {

namespace {

constexpr std::uint64_t all_ones(CrcAlgorithm algorithm) {
    return ~std::uint64_t{0} >> (64 - 8 * crc_size(algorithm));
}

}  // namespace

std::uint64_t update_crc_by(CrcKernel kernel, CrcAlgorithm algorithm, std::uint64_t crc,
                            std::span<const std::byte> bytes) noexcept {
    return kernel(algorithm, crc ^ all_ones(algorithm), bytes) ^ all_ones(algorithm);
}

std::uint64_t update_crc(CrcAlgorithm algorithm, std::uint64_t crc,
                         std::span<const std::byte> bytes) noexcept {
    static const CrcKernel fastest = usable_crc_kernels().back().kernel;
    return update_crc_by(fastest, algorithm, crc, bytes);
}

// What is inverted before and after cancels out, so that only `first` has to be moved ahead.
std::uint64_t combine_crc(CrcAlgorithm algorithm, std::uint64_t first, std::uint64_t second,
                          std::uint64_t second_size) noexcept {
    const std::uint64_t modulus = crc_polynomial(algorithm);
    return multiply(first, power_of_x(8, second_size, modulus), modulus) ^ second;
}

}  // namespace filestore
