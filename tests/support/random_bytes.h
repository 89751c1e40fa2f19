#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <string>

namespace filestore::test {

/// The same bytes for the same seed: those of SplitMix64, which is quick also where nothing is optimised.
[[nodiscard]] inline std::string random_bytes(std::size_t size, std::uint64_t seed = 1) {
    std::string bytes(size, '\0');
    for (std::size_t position = 0; position < size; position += sizeof seed) {
        seed += 0x9E37'79B9'7F4A'7C15;
        std::uint64_t mixed = seed;
        mixed = (mixed ^ (mixed >> 30U)) * 0xBF58'476D'1CE4'E5B9;
        mixed = (mixed ^ (mixed >> 27U)) * 0x94D0'49BB'1331'11EB;
        mixed ^= mixed >> 31U;
        std::memcpy(bytes.data() + position, &mixed, std::min(sizeof mixed, size - position));
    }
    return bytes;
}

}  // namespace filestore::test
