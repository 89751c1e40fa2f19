#if defined(__x86_64__)

#include <immintrin.h>

#include <array>
#include <cstring>

#include "core/checksum/crc_kernels.h"
#include "core/checksum/crc_polynomial.h"

#define FILESTORE_PCLMUL [[gnu::target("pclmul")]]

namespace filestore {

namespace {

constexpr std::size_t block_size = 16;
constexpr std::size_t lanes = 4;

FILESTORE_PCLMUL inline __m128i load(const std::byte* bytes) {
    return _mm_loadu_si128(reinterpret_cast<const __m128i*>(bytes));
}

FILESTORE_PCLMUL inline __m128i load(const FoldConstants& constants) {
    return _mm_set_epi64x(static_cast<long long>(constants.second_half),
                          static_cast<long long>(constants.first_half));
}

/// `block` moved ahead to `onto`, and added to it.
FILESTORE_PCLMUL inline __m128i fold(__m128i block, __m128i constants, __m128i onto) {
    const __m128i first = _mm_clmulepi64_si128(block, constants, 0x00);
    const __m128i second = _mm_clmulepi64_si128(block, constants, 0x11);
    return _mm_xor_si128(_mm_xor_si128(first, second), onto);
}

/// Takes whole strides off `bytes`, at least one, and leaves their remainder in one block.
FILESTORE_PCLMUL inline __m128i fold_strides(const CrcFolds& folds, __m128i state,
                                             std::span<const std::byte>& bytes) {
    constexpr std::size_t stride = lanes * block_size;
    const __m128i by_stride = load(folds.by_512);
    __m128i sums[lanes];
    for (std::size_t i = 0; i < lanes; ++i) {
        sums[i] = load(bytes.data() + i * block_size);
    }
    sums[0] = _mm_xor_si128(sums[0], state);
    for (bytes = bytes.subspan(stride); bytes.size() >= stride; bytes = bytes.subspan(stride)) {
        for (std::size_t i = 0; i < lanes; ++i) {
            sums[i] = fold(sums[i], by_stride, load(bytes.data() + i * block_size));
        }
    }
    const __m128i by_block = load(folds.by_128);
    __m128i sum = sums[0];
    for (std::size_t i = 1; i < lanes; ++i) {
        sum = fold(sum, by_block, sums[i]);
    }
    return sum;
}

}  // namespace

FILESTORE_PCLMUL std::uint64_t crc_pclmul(CrcAlgorithm algorithm, std::uint64_t state,
                                          std::span<const std::byte> bytes) noexcept {
    if (bytes.size() < 2 * block_size) {
        return crc_portable(algorithm, state, bytes);
    }
    const CrcFolds& folds = folds_of(algorithm);
    __m128i sum = _mm_cvtsi64_si128(static_cast<long long>(state));
    if (bytes.size() >= lanes * block_size) {
        sum = fold_strides(folds, sum, bytes);
    } else {
        sum = _mm_xor_si128(sum, load(bytes.data()));
        bytes = bytes.subspan(block_size);
    }
    const __m128i by_block = load(folds.by_128);
    for (; bytes.size() >= block_size; bytes = bytes.subspan(block_size)) {
        sum = fold(sum, by_block, load(bytes.data()));
    }
    // The sum has the remainder of all that went into it, so it is run through the register in its place.
    std::array<std::byte, 2 * block_size> end;
    _mm_storeu_si128(reinterpret_cast<__m128i*>(end.data()), sum);
    std::memcpy(end.data() + block_size, bytes.data(), bytes.size());
    return crc_portable(algorithm, 0, std::span(end).first(block_size + bytes.size()));
}

}  // namespace filestore

#endif
