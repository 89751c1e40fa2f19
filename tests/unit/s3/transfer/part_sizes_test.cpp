#include "s3/transfer/part_sizes.h"

#include <catch2/catch.hpp>

using namespace filestore::s3;

TEST_CASE("an object of equal parts is told by the size of the first", "[checksum]") {
    using Sizes = std::vector<std::uint64_t>;
    struct Row {
        std::uint64_t object_size;
        std::uint64_t size;
        std::uint32_t count;
        std::optional<Sizes> sizes;
    };
    const Row rows[] = {
        {10, 5, 2, Sizes{5, 5}},
        {11, 5, 3, Sizes{5, 5, 1}},
        {9, 5, 2, Sizes{5, 4}},
        {9, 9, 1, Sizes{9}},
        {10, 5, 3, std::nullopt},
        {10, 5, 1, std::nullopt},
        {10, 4, 2, std::nullopt},
        {10, 11, 1, std::nullopt},
        {10, 0, 1, std::nullopt},
        {10, 5, 0, std::nullopt},
        {0, 0, 1, std::nullopt},
        {UINT64_MAX, UINT64_MAX / 2, 3, Sizes{UINT64_MAX / 2, UINT64_MAX / 2, 1}},
        {10'001, 1, 10'001, std::nullopt},
        {UINT32_MAX, 1, UINT32_MAX, std::nullopt},
    };
    for (const Row& row : rows) {
        INFO(row.object_size << " by " << row.size);
        CHECK(equal_parts(row.object_size, row.size, row.count) == row.sizes);
    }
}
