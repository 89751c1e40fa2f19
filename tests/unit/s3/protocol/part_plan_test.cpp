#include "s3/protocol/part_plan.h"

#include <catch2/catch.hpp>
#include <cstdint>

#include "support/code_of.h"

using filestore::ErrorCode;
using namespace filestore::s3;

TEST_CASE("parts of a file of known size", "[s3][part_plan]") {
    struct Row {
        std::uint64_t size;
        std::uint64_t wished;
        std::uint64_t part_size;
        std::uint32_t count;
    };
    const Row rows[] = {
        {0, default_part_size, 8 * mebibyte, 1},
        {1, default_part_size, 8 * mebibyte, 1},
        {8 * mebibyte, default_part_size, 8 * mebibyte, 1},
        {8 * mebibyte + 1, default_part_size, 8 * mebibyte, 2},
        {80'000 * mebibyte, default_part_size, 8 * mebibyte, 10'000},
        {80'000 * mebibyte + 1, default_part_size, 9 * mebibyte, 8'889},
        {10 * mebibyte, least_part_size, 5 * mebibyte, 2},
        {10 * mebibyte, least_part_size + 1, 5 * mebibyte + 1, 2},
        {largest_object_size, default_part_size, 525 * mebibyte, 9'987},
        {largest_object_size, largest_part_size, largest_part_size, 1024},
    };
    for (const Row& row : rows) {
        INFO(row.size << " in parts of " << row.wished);
        const auto plan = plan_parts(row.size, row.wished);
        REQUIRE(plan.ok());
        CHECK(plan->part_size == row.part_size);
        CHECK(plan->count == row.count);
    }
}

TEST_CASE("parts of a file of known size lie one behind the other and end with it", "[s3][part_plan]") {
    for (const std::uint64_t size : {std::uint64_t{0}, std::uint64_t{1}, 16 * mebibyte, 16 * mebibyte + 5,
                                     largest_object_size - 1, largest_object_size}) {
        INFO(size);
        const auto plan = plan_parts(size);
        REQUIRE(plan.ok());
        std::uint64_t end = 0;
        for (std::uint32_t number = 1; number <= plan->count; ++number) {
            const Part part = plan->part(number);
            REQUIRE(part.number == number);
            REQUIRE(part.offset == end);
            REQUIRE(part.size <= largest_part_size);
            REQUIRE((part.size == plan->part_size || number == plan->count));
            end += part.size;
        }
        CHECK(end == size);
        CHECK(plan->count <= most_parts);
    }
}

TEST_CASE("what cannot be cut into parts is refused", "[s3][part_plan]") {
    CHECK(code_of(plan_parts(largest_object_size + 1)) == ErrorCode::invalid_argument);
    CHECK(code_of(plan_parts(1, least_part_size - 1)) == ErrorCode::invalid_argument);
    CHECK(code_of(plan_parts(1, largest_part_size + 1)) == ErrorCode::invalid_argument);
    CHECK(code_of(StreamParts::make(PartSizes::growing, 0)) == ErrorCode::invalid_argument);
    CHECK(code_of(StreamParts::make(PartSizes::equal, largest_part_size + 1)) == ErrorCode::invalid_argument);
}

TEST_CASE("a stream of 5 TiB fits in 10,000 growing parts", "[s3][part_plan]") {
    for (const std::uint64_t first :
         {least_part_size, 6 * mebibyte, 7 * mebibyte, default_part_size, 64 * mebibyte, 5 * gibibyte}) {
        INFO("first part " << first);
        const auto parts = StreamParts::make(PartSizes::growing, first);
        REQUIRE(parts.ok());
        CHECK(parts->capacity() == largest_object_size);
        std::uint64_t rest = largest_object_size;
        std::uint64_t before = first;
        std::uint32_t number = 0;
        while (rest > 0) {
            const auto size = parts->size_of(++number);
            REQUIRE(size.ok());
            REQUIRE(*size <= largest_part_size);
            REQUIRE((*size >= before || *size == rest));
            rest -= *size;
            before = *size;
        }
        CHECK(number <= most_parts);
        // One byte more is refused, early and clearly.
        const auto more = parts->size_of(number + 1);
        REQUIRE_FALSE(more.ok());
        CHECK(code_of(more) == ErrorCode::invalid_argument);
        CHECK(more.error().message().find("5 TiB") != std::string_view::npos);
    }
}

TEST_CASE("growing parts keep their size for a while", "[s3][part_plan]") {
    const auto parts = StreamParts::make();
    REQUIRE(parts.ok());
    CHECK(parts->size_of(1).value() == 8 * mebibyte);
    CHECK(parts->size_of(950).value() == 8 * mebibyte);
    CHECK(parts->size_of(951).value() == 16 * mebibyte);
    CHECK(parts->size_of(1900).value() == 16 * mebibyte);
    CHECK(parts->size_of(1901).value() == 32 * mebibyte);
    CHECK(StreamParts::make(PartSizes::growing, 5 * mebibyte + 1)->size_of(1).value() == 6 * mebibyte);
    for (const std::uint32_t number : {most_parts, most_parts + 1, UINT32_MAX}) {
        CHECK(code_of(parts->size_of(number)) == ErrorCode::invalid_argument);
    }
}

TEST_CASE("equal parts stay equal, up to a documented most", "[s3][part_plan]") {
    const auto parts = StreamParts::make(PartSizes::equal, default_part_size);
    REQUIRE(parts.ok());
    CHECK(parts->capacity() == 80'000 * mebibyte);
    for (const std::uint32_t number : {1U, 951U, 9'999U, 10'000U}) {
        CHECK(parts->size_of(number).value() == 8 * mebibyte);
    }
    const auto more = parts->size_of(10'001);
    REQUIRE_FALSE(more.ok());
    CHECK(code_of(more) == ErrorCode::invalid_argument);
    CHECK(more.error().message().find("80000 MiB") != std::string_view::npos);
    CHECK(more.error().message().find("525 MiB") != std::string_view::npos);

    const auto large = StreamParts::make(PartSizes::equal, 525 * mebibyte);
    REQUIRE(large.ok());
    CHECK(large->capacity() == largest_object_size);
    CHECK(large->size_of(9'987).value() == largest_object_size - 9'986 * 525 * mebibyte);
    CHECK_FALSE(large->size_of(9'988).ok());
}
