#pragma once

#include <cstdint>
#include <random>
#include <string>

namespace filestore::test {

/// The same bytes for the same seed.
[[nodiscard]] inline std::string random_bytes(std::size_t size, std::uint64_t seed = 1) {
    std::mt19937_64 engine(seed);
    std::string bytes(size, '\0');
    for (char& byte : bytes) {
        byte = static_cast<char>(engine() & 0xFFU);
    }
    return bytes;
}

}  // namespace filestore::test
