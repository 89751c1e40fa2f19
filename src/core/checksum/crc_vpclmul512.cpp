#if defined(__x86_64__)

#include <immintrin.h>

#include <array>
#include <cstring>

#include "core/checksum/crc_kernels.h"
#include "core/checksum/crc_polynomial.h"

#define FILESTORE_VPCLMUL [[gnu::target("avx512f,vpclmulqdq")]]

namespace filestore {

namespace {

constexpr std::size_t block_size = 64;
constexpr std::size_t lanes = 4;
constexpr std::size_t stride = lanes * block_size;

FILESTORE_VPCLMUL inline __m512i load(const std::byte* bytes) {
    return _mm512_loadu_si512(bytes);
}

FILESTORE_VPCLMUL inline __m512i load(const FoldConstants& constants) {
    const auto first = static_cast<long long>(constants.first_half);
    const auto second = static_cast<long long>(constants.second_half);
    return _mm512_set4_epi64(second, first, second, first);
}

/// `block` moved ahead to `onto`, and added to it.
FILESTORE_VPCLMUL inline __m512i fold(__m512i block, __m512i constants, __m512i onto) {
    constexpr int sum_of_three = 0x96;
    const __m512i first = _mm512_clmulepi64_epi128(block, constants, 0x00);
    const __m512i second = _mm512_clmulepi64_epi128(block, constants, 0x11);
    return _mm512_ternarylogic_epi64(first, second, onto, sum_of_three);
}

/// Takes whole strides off `bytes`, at least one, and leaves their remainder in one block.
FILESTORE_VPCLMUL inline __m512i fold_strides(const CrcFolds& folds, __m512i state,
                                              std::span<const std::byte>& bytes) {
    const __m512i by_stride = load(folds.by_2048);
    __m512i sums[lanes];
    for (std::size_t i = 0; i < lanes; ++i) {
        sums[i] = load(bytes.data() + i * block_size);
    }
    sums[0] = _mm512_xor_si512(sums[0], state);
    for (bytes = bytes.subspan(stride); bytes.size() >= stride; bytes = bytes.subspan(stride)) {
        for (std::size_t i = 0; i < lanes; ++i) {
            sums[i] = fold(sums[i], by_stride, load(bytes.data() + i * block_size));
        }
    }
    const __m512i by_block = load(folds.by_512);
    __m512i sum = sums[0];
    for (std::size_t i = 1; i < lanes; ++i) {
        sum = fold(sum, by_block, sums[i]);
    }
    return sum;
}

}  // namespace

FILESTORE_VPCLMUL std::uint64_t crc_vpclmul512(CrcAlgorithm algorithm, std::uint64_t state,
                                               std::span<const std::byte> bytes) noexcept {
    if (bytes.size() < stride) {
        return crc_pclmul(algorithm, state, bytes);
    }
    const CrcFolds& folds = folds_of(algorithm);
    const __m128i first_word = _mm_cvtsi64_si128(static_cast<long long>(state));
    __m512i sum = fold_strides(folds, _mm512_zextsi128_si512(first_word), bytes);
    const __m512i by_block = load(folds.by_512);
    for (; bytes.size() >= block_size; bytes = bytes.subspan(block_size)) {
        sum = fold(sum, by_block, load(bytes.data()));
    }
    // The sum has the remainder of all that went into it, so it is run through the register in its place.
    std::array<std::byte, 2 * block_size> end;
    _mm512_storeu_si512(end.data(), sum);
    std::memcpy(end.data() + block_size, bytes.data(), bytes.size());
    return crc_pclmul(algorithm, 0, std::span(end).first(block_size + bytes.size()));
}

}  // namespace filestore

#endif
