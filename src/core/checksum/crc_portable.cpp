#include <array>
#include <bit>
#include <cstring>

#include "core/checksum/crc_kernels.h"
#include "core/checksum/crc_polynomial.h"

namespace filestore {

namespace {

/// Each CRC takes as many bytes at a time as tables of together 16 KiB allow, which leave room in the first cache.
constexpr std::size_t tables_size = std::size_t{16} * 1024;

using Byte = unsigned char;

/// Table i answers what a byte that is followed by i others does to the register.
template <class Word>
using Tables = std::array<std::array<Word, 256>, tables_size / (256 * sizeof(Word))>;

template <class Word>
constexpr Tables<Word> make_tables(CrcAlgorithm algorithm) {
    const std::uint64_t polynomial = crc_polynomial(algorithm);
    Tables<Word> tables{};
    for (std::size_t byte = 0; byte < 256; ++byte) {
        std::uint64_t state = byte;
        for (int bit = 0; bit < 8; ++bit) {
            state = times_x(state, polynomial);
        }
        tables[0][byte] = static_cast<Word>(state);
    }
    for (std::size_t i = 1; i < tables.size(); ++i) {
        for (std::size_t byte = 0; byte < 256; ++byte) {
            const Word before = tables[i - 1][byte];
            tables[i][byte] = before >> 8 ^ tables[0][before & 0xFF];
        }
    }
    return tables;
}

constexpr Tables<std::uint32_t> crc32_tables = make_tables<std::uint32_t>(CrcAlgorithm::crc32);
constexpr Tables<std::uint32_t> crc32c_tables = make_tables<std::uint32_t>(CrcAlgorithm::crc32c);
constexpr Tables<std::uint64_t> crc64nvme_tables = make_tables<std::uint64_t>(CrcAlgorithm::crc64nvme);

std::uint64_t little_endian(const std::byte* bytes) noexcept {
    std::uint64_t word = 0;
    std::memcpy(&word, bytes, sizeof word);
    return std::endian::native == std::endian::big ? __builtin_bswap64(word) : word;
}

/// `following`: how many bytes of the step come after the eight of `word`.
template <class Word>
Word look_up(const Tables<Word>& tables, std::uint64_t word, std::size_t following) noexcept {
    Word sum = 0;
    for (std::size_t i = 0; i < 8; ++i) {
        sum ^= tables[following + 7 - i][static_cast<Byte>(word >> 8 * i)];
    }
    return sum;
}

template <class Word>
Word run(const Tables<Word>& tables, Word state, std::span<const std::byte> bytes) noexcept {
    constexpr std::size_t step = std::tuple_size_v<Tables<Word>>;
    for (; bytes.size() >= step; bytes = bytes.subspan(step)) {
        Word next = look_up(tables, little_endian(bytes.data()) ^ state, step - 8);
        for (std::size_t i = 8; i < step; i += 8) {
            next ^= look_up(tables, little_endian(bytes.data() + i), step - 8 - i);
        }
        state = next;
    }
    for (const std::byte byte : bytes) {
        state = state >> 8 ^ tables[0][static_cast<Byte>(state) ^ std::to_integer<Byte>(byte)];
    }
    return state;
}

}  // namespace

std::uint64_t crc_portable(CrcAlgorithm algorithm, std::uint64_t state,
                           std::span<const std::byte> bytes) noexcept {
    switch (algorithm) {
        case CrcAlgorithm::crc32:
            return run(crc32_tables, static_cast<std::uint32_t>(state), bytes);
        case CrcAlgorithm::crc32c:
            return run(crc32c_tables, static_cast<std::uint32_t>(state), bytes);
        case CrcAlgorithm::crc64nvme:
            break;
    }
    return run(crc64nvme_tables, state, bytes);
}

}  // namespace filestore
