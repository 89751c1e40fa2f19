#include "core/checksum/crc.h"

#include <algorithm>
#include <array>
#include <catch2/catch.hpp>
#include <fstream>
#include <memory>
#include <random>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "core/checksum/crc_kernels.h"

using filestore::combine_crc;
using filestore::crc_size;
using filestore::CrcAlgorithm;
using filestore::NamedCrcKernel;
using filestore::update_crc;
using filestore::update_crc_by;
using filestore::usable_crc_kernels;

namespace {

using Bytes = std::vector<std::byte>;

constexpr std::array algorithms{CrcAlgorithm::crc32, CrcAlgorithm::crc32c, CrcAlgorithm::crc64nvme};

/// The definition of a CRC, bit by bit: the polynomials are those of the specifications with their bits in reverse order, so
/// that nothing is shared with the code under test.
std::uint64_t reference_step(CrcAlgorithm algorithm, std::uint64_t state, std::byte byte) {
    const std::uint64_t polynomial = algorithm == CrcAlgorithm::crc32    ? 0xEDB88320
                                     : algorithm == CrcAlgorithm::crc32c ? 0x82F63B78
                                                                         : 0x9A6C9329AC4BC9B5;
    state ^= std::to_integer<std::uint64_t>(byte);
    for (int bit = 0; bit < 8; ++bit) {
        state = (state & 1) != 0 ? state >> 1 ^ polynomial : state >> 1;
    }
    return state;
}

std::uint64_t ones(CrcAlgorithm algorithm) {
    return algorithm == CrcAlgorithm::crc64nvme ? 0xFFFFFFFFFFFFFFFF : 0xFFFFFFFF;
}

/// The CRC of each beginning of `bytes`, from none to all of them.
std::vector<std::uint64_t> reference_of_beginnings(CrcAlgorithm algorithm, std::span<const std::byte> bytes) {
    std::uint64_t state = ones(algorithm);
    std::vector<std::uint64_t> crcs{0};
    for (const std::byte byte : bytes) {
        state = reference_step(algorithm, state, byte);
        crcs.push_back(state ^ ones(algorithm));
    }
    return crcs;
}

std::uint64_t reference(CrcAlgorithm algorithm, std::span<const std::byte> bytes) {
    return reference_of_beginnings(algorithm, bytes).back();
}

Bytes random_bytes(std::mt19937_64& random, std::size_t size) {
    Bytes bytes(size);
    for (std::byte& byte : bytes) {
        byte = static_cast<std::byte>(random() & 0xFF);
    }
    return bytes;
}

std::size_t random_number(std::mt19937_64& random, std::size_t limit) {
    return std::uniform_int_distribution<std::size_t>(0, limit)(random);
}

Bytes bytes_of(std::string_view text) {
    const auto bytes = std::as_bytes(std::span(text));
    return {bytes.begin(), bytes.end()};
}

Bytes ascending(std::size_t size) {
    Bytes bytes(size);
    for (std::size_t i = 0; i < size; ++i) {
        bytes[i] = static_cast<std::byte>(i & 0xFF);
    }
    return bytes;
}

Bytes descending(std::size_t size) {
    const Bytes bytes = ascending(size);
    return {bytes.rbegin(), bytes.rend()};
}

struct KnownCrc {
    CrcAlgorithm algorithm;
    Bytes bytes;
    std::uint64_t crc;
};

/// The check values of the catalogues; RFC 3720, B.4; the NVM command set specification; zlib.
std::vector<KnownCrc> known_crcs() {
    constexpr std::byte ff{0xFF};
    const Bytes digits = bytes_of("123456789");
    return {{CrcAlgorithm::crc32, {}, 0},
            {CrcAlgorithm::crc32, bytes_of("a"), 0xE8B7BE43},
            {CrcAlgorithm::crc32, digits, 0xCBF43926},
            {CrcAlgorithm::crc32, Bytes(32), 0x190A55AD},
            {CrcAlgorithm::crc32, Bytes(32, ff), 0xFF6CAB0B},
            {CrcAlgorithm::crc32, ascending(32), 0x91267E8A},
            {CrcAlgorithm::crc32, descending(32), 0x9AB0EF72},
            {CrcAlgorithm::crc32c, {}, 0},
            {CrcAlgorithm::crc32c, digits, 0xE3069283},
            {CrcAlgorithm::crc32c, Bytes(32), 0x8A9136AA},
            {CrcAlgorithm::crc32c, Bytes(32, ff), 0x62A8AB43},
            {CrcAlgorithm::crc32c, ascending(32), 0x46DD794E},
            {CrcAlgorithm::crc32c, descending(32), 0x113FDB5C},
            {CrcAlgorithm::crc64nvme, {}, 0},
            {CrcAlgorithm::crc64nvme, digits, 0xAE8B14860A799888},
            {CrcAlgorithm::crc64nvme, Bytes(4096), 0x6482D367EB22B64E},
            {CrcAlgorithm::crc64nvme, Bytes(4096, ff), 0xC0DDBA7302ECA3AC},
            {CrcAlgorithm::crc64nvme, ascending(4096), 0x3E729F5F6750449C},
            {CrcAlgorithm::crc64nvme, descending(4096), 0x9A2DF64B8E9E517E}};
}

/// What /proc/cpuinfo lists, which leaves out what the system does not let programs use.
bool processor_has(std::string_view flag) {
    std::ifstream file("/proc/cpuinfo");
    for (std::string line; std::getline(file, line);) {
        std::istringstream words(line.starts_with("flags") ? line : "");
        for (std::string word; words >> word;) {
            if (word == flag) {
                return true;
            }
        }
    }
    return false;
}

}  // namespace

TEST_CASE("each kernel finds the known CRCs", "[crc]") {
    for (const auto& [name, kernel] : usable_crc_kernels()) {
        for (const auto& [algorithm, bytes, crc] : known_crcs()) {
            CAPTURE(name, static_cast<int>(algorithm), bytes.size());
            CHECK(update_crc_by(kernel, algorithm, 0, bytes) == crc);
        }
    }
}

TEST_CASE("the fastest kernel finds the known CRCs", "[crc]") {
    for (const auto& [algorithm, bytes, crc] : known_crcs()) {
        CAPTURE(static_cast<int>(algorithm), bytes.size());
        CHECK(update_crc(algorithm, 0, bytes) == crc);
    }
}

#if defined(__x86_64__)
TEST_CASE("a kernel is used wherever the processor has its instructions", "[crc]") {
    const bool vectors_of_256 = processor_has("vpclmulqdq") && processor_has("avx2");
    std::vector<std::string_view> expected{"portable"};
    if (processor_has("pclmulqdq")) {
        expected.emplace_back("pclmul");
    }
    if (vectors_of_256) {
        expected.emplace_back("vpclmul256");
    }
    if (vectors_of_256 && processor_has("avx512f")) {
        expected.emplace_back("vpclmul512");
    }
    std::vector<std::string_view> usable;
    for (const NamedCrcKernel& kernel : usable_crc_kernels()) {
        usable.push_back(kernel.name);
    }
    CHECK(usable == expected);
}
#endif

TEST_CASE("each kernel agrees with the definition for every size up to 1024 at every alignment", "[crc]") {
    constexpr std::size_t longest = 1024;
    std::mt19937_64 random(1);
    const Bytes bytes = random_bytes(random, longest + 16);
    for (const CrcAlgorithm algorithm : algorithms) {
        for (std::size_t offset = 0; offset < 16; ++offset) {
            const auto shifted = std::span(bytes).subspan(offset, longest);
            const auto expected = reference_of_beginnings(algorithm, shifted);
            for (const auto& [name, kernel] : usable_crc_kernels()) {
                std::vector<std::uint64_t> found;
                for (std::size_t size = 0; size <= longest; ++size) {
                    found.push_back(update_crc_by(kernel, algorithm, 0, shifted.first(size)));
                }
                CAPTURE(name, static_cast<int>(algorithm), offset);
                CHECK(found == expected);
            }
        }
    }
}

TEST_CASE("each kernel agrees with the definition for large random bytes", "[crc]") {
    std::mt19937_64 random(2);
    for (int round = 0; round < 8; ++round) {
        const Bytes bytes = random_bytes(random, random_number(random, 200'000));
        for (const CrcAlgorithm algorithm : algorithms) {
            const std::uint64_t expected = reference(algorithm, bytes);
            for (const auto& [name, kernel] : usable_crc_kernels()) {
                CAPTURE(name, static_cast<int>(algorithm), bytes.size());
                CHECK(update_crc_by(kernel, algorithm, 0, bytes) == expected);
            }
        }
    }
}

TEST_CASE("a kernel reads nothing but the bytes given", "[crc]") {
    // Each size has its own allocation, so that the address sanitizer sees a byte too many.
    for (std::size_t size = 0; size <= 600; ++size) {
        const auto exact = std::make_unique<std::byte[]>(size);
        for (const auto& [name, kernel] : usable_crc_kernels()) {
            CAPTURE(name, size);
            CHECK(update_crc_by(kernel, CrcAlgorithm::crc32, 0, {exact.get(), size}) ==
                  reference(CrcAlgorithm::crc32, {exact.get(), size}));
        }
    }
}

TEST_CASE("a CRC does not depend on where the bytes are cut", "[crc]") {
    std::mt19937_64 random(3);
    const Bytes bytes = random_bytes(random, 5000);
    for (const CrcAlgorithm algorithm : algorithms) {
        const std::uint64_t expected = reference(algorithm, bytes);
        for (const auto& [name, kernel] : usable_crc_kernels()) {
            for (int round = 0; round < 200; ++round) {
                std::uint64_t crc = 0;
                for (std::span<const std::byte> rest = bytes; !rest.empty();) {
                    const std::size_t size =
                        std::min(rest.size(), random_number(random, round < 100 ? 40 : 2000));
                    crc = update_crc_by(kernel, algorithm, crc, rest.first(size));
                    rest = rest.subspan(size);
                }
                CAPTURE(name, static_cast<int>(algorithm), round);
                REQUIRE(crc == expected);
            }
        }
    }
}

TEST_CASE("the CRCs of two pieces combine to that of the whole", "[crc]") {
    std::mt19937_64 random(4);
    for (const CrcAlgorithm algorithm : algorithms) {
        for (int round = 0; round < 200; ++round) {
            const Bytes bytes = random_bytes(random, random_number(random, 3000));
            const std::size_t cut = random_number(random, bytes.size());
            const auto first = std::span(bytes).first(cut);
            const auto second = std::span(bytes).subspan(cut);
            CAPTURE(static_cast<int>(algorithm), bytes.size(), cut);
            REQUIRE(combine_crc(algorithm, reference(algorithm, first), reference(algorithm, second),
                                second.size()) == reference(algorithm, bytes));
        }
    }
}

TEST_CASE("an empty piece changes nothing where it is combined", "[crc]") {
    for (const CrcAlgorithm algorithm : algorithms) {
        CHECK(combine_crc(algorithm, 0x12345678, 0, 0) == 0x12345678);
        CHECK(combine_crc(algorithm, 0, 0x12345678, 1'000'000) == 0x12345678);
        CHECK(combine_crc(algorithm, 0, 0, 0) == 0);
    }
}

TEST_CASE("pieces larger than any memory combine, in either order of combining", "[crc]") {
    constexpr std::uint64_t huge = std::uint64_t{1} << 62;
    for (const CrcAlgorithm algorithm : algorithms) {
        const std::uint64_t a = update_crc(algorithm, 0, bytes_of("a"));
        const std::uint64_t b = update_crc(algorithm, 0, bytes_of("b"));
        const std::uint64_t c = update_crc(algorithm, 0, bytes_of("c"));
        const std::uint64_t left = combine_crc(algorithm, combine_crc(algorithm, a, b, huge), c, huge + 5);
        const std::uint64_t right =
            combine_crc(algorithm, a, combine_crc(algorithm, b, c, huge + 5), huge + huge + 5);
        CAPTURE(static_cast<int>(algorithm));
        CHECK(left == right);
        CHECK(left <= ones(algorithm));
    }
}

TEST_CASE("a piece combines whose size takes more than 32 bits", "[crc]") {
    constexpr std::uint64_t size = std::uint64_t{5} << 30;
    // Both by zlib's crc32, over the bytes themselves.
    constexpr std::uint64_t of_zeros = 0x193838C3;
    constexpr std::uint64_t of_an_a_and_zeros = 0x22F75126;
    const std::uint64_t of_an_a = update_crc(CrcAlgorithm::crc32, 0, bytes_of("a"));
    CHECK(combine_crc(CrcAlgorithm::crc32, of_an_a, of_zeros, size) == of_an_a_and_zeros);
}

TEST_CASE("CRCs can be taken on several threads at once", "[crc]") {
    std::vector<int> wrong(4);
    std::vector<std::thread> threads;
    for (int& count : wrong) {
        threads.emplace_back([&count] {
            const Bytes bytes(4096);
            for (int i = 0; i < 200; ++i) {
                count += update_crc(CrcAlgorithm::crc64nvme, 0, bytes) == 0x6482D367EB22B64E ? 0 : 1;
            }
        });
    }
    for (std::thread& thread : threads) {
        thread.join();
    }
    CHECK(wrong == std::vector<int>(4));
}
