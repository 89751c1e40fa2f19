#pragma once

/// Polynomials over GF(2) modulo the polynomial of a CRC. Pure functions, most of them used at compile time.
///
/// A word holds a polynomial of a degree below 64, its highest power in the lowest bit, as the registers of reflected
/// CRCs do. A CRC of 32 bits is one of 64 bits whose polynomial is multiplied by x^32: its register is the low half of
/// the word, and the high half stays zero. So everything is written once, for 64 bits.

#include <array>
#include <cstddef>
#include <cstdint>

#include "core/checksum/crc.h"

namespace filestore {

/// The lowest `width` bits of `bits` in reverse order.
constexpr std::uint64_t reflect(std::uint64_t bits, unsigned width) {
    std::uint64_t reflected = 0;
    for (unsigned i = 0; i < width; ++i) {
        reflected = reflected << 1 | (bits >> i & 1);
    }
    return reflected;
}

/// The polynomial of a CRC, without its highest power.
constexpr std::uint64_t crc_polynomial(CrcAlgorithm algorithm) {
    switch (algorithm) {
        case CrcAlgorithm::crc32:
            return reflect(0x04C11DB7, 32);
        case CrcAlgorithm::crc32c:
            return reflect(0x1EDC6F41, 32);
        case CrcAlgorithm::crc64nvme:
            break;
    }
    return reflect(0xAD93D23594C93659, 64);
}

constexpr std::uint64_t times_x(std::uint64_t factor, std::uint64_t modulus) {
    return factor >> 1 ^ ((factor & 1) != 0 ? modulus : 0);
}

constexpr std::uint64_t multiply(std::uint64_t a, std::uint64_t b, std::uint64_t modulus) {
    std::uint64_t product = 0;
    for (unsigned i = 0; i < 64; ++i) {
        product = times_x(product, modulus) ^ ((b >> i & 1) != 0 ? a : 0);
    }
    return product;
}

/// x to the power of `factor` times `exponent`, in a number of steps that grows with the logarithm of `exponent`.
/// `factor` is less than 64.
constexpr std::uint64_t power_of_x(unsigned factor, std::uint64_t exponent, std::uint64_t modulus) {
    constexpr std::uint64_t one = std::uint64_t{1} << 63;
    std::uint64_t power = one;
    for (std::uint64_t square = one >> factor; exponent != 0; exponent >>= 1) {
        if ((exponent & 1) != 0) {
            power = multiply(power, square, modulus);
        }
        square = multiply(square, square, modulus);
    }
    return power;
}

/// What the halves of 128 bits are multiplied with, without carry, to move them `distance` bits ahead in the message: the
/// sum of both products is 128 bits that have the same remainder. The product of two reflected words stands one bit too
/// low, hence one power less.
struct FoldConstants {
    std::uint64_t first_half;
    std::uint64_t second_half;
};

constexpr FoldConstants fold_constants(std::uint64_t modulus, unsigned distance) {
    return {power_of_x(1, distance + 63, modulus), power_of_x(1, distance - 1, modulus)};
}

/// For each distance that a kernel folds over.
struct CrcFolds {
    explicit constexpr CrcFolds(CrcAlgorithm algorithm)
        : by_128(fold_constants(crc_polynomial(algorithm), 128)),
          by_256(fold_constants(crc_polynomial(algorithm), 256)),
          by_512(fold_constants(crc_polynomial(algorithm), 512)),
          by_1024(fold_constants(crc_polynomial(algorithm), 1024)),
          by_2048(fold_constants(crc_polynomial(algorithm), 2048)) {}

    FoldConstants by_128;
    FoldConstants by_256;
    FoldConstants by_512;
    FoldConstants by_1024;
    FoldConstants by_2048;
};

inline constexpr std::array crc_folds{CrcFolds(CrcAlgorithm::crc32), CrcFolds(CrcAlgorithm::crc32c),
                                      CrcFolds(CrcAlgorithm::crc64nvme)};

constexpr const CrcFolds& folds_of(CrcAlgorithm algorithm) {
    return crc_folds[static_cast<std::size_t>(algorithm)];
}

}  // namespace filestore
