#include "s3/protocol/range_plan.h"

#include <catch2/catch.hpp>

#include "support/code_of.h"

using filestore::ByteRange;
using filestore::ErrorCode;
using namespace filestore::s3;

namespace {

using Headers = std::vector<NameValue>;

const ObjectPin pin{"e1", "", 100};

Headers headers(const std::string& range, const std::string& etag, const std::string& version = {}) {
    Headers all{{"content-range", "bytes " + range}, {"etag", etag}};
    if (!version.empty()) {
        all.push_back({"x-amz-version-id", version});
    }
    return all;
}

}  // namespace

TEST_CASE("ranges cover an extent, one behind the other", "[s3][range_plan]") {
    struct Row {
        std::uint64_t offset;
        std::uint64_t end;
        std::uint64_t size;
        std::uint64_t count;
    };
    const Row rows[] = {
        {0, 0, 8, 0},    {5, 5, 8, 0},
        {0, 1, 8, 1},    {0, 8, 8, 1},
        {0, 9, 8, 2},    {7, 23, 8, 2},
        {7, 24, 8, 3},   {0, UINT64_MAX, UINT64_MAX, 1},
        {1, 100, 1, 99}, {UINT64_MAX - 3, UINT64_MAX, 2, 2},
    };
    for (const Row& row : rows) {
        INFO(row.offset << " to " << row.end << " by " << row.size);
        const auto plan = plan_ranges(row.offset, row.end, row.size);
        REQUIRE(plan.ok());
        CHECK(plan->count() == row.count);
        std::uint64_t at = row.offset;
        for (std::uint64_t index = 0; index < plan->count(); ++index) {
            const ByteRange range = plan->range(index);
            REQUIRE(range.offset == at);
            REQUIRE(range.length.value() > 0);
            REQUIRE(range.length.value() <= row.size);
            at += *range.length;
        }
        CHECK(at == row.end);
    }
    CHECK(code_of(plan_ranges(2, 1, 8)) == ErrorCode::invalid_argument);
    CHECK(code_of(plan_ranges(0, 1, 0)) == ErrorCode::invalid_argument);
}

TEST_CASE("what is left of a broken download", "[s3][range_plan]") {
    const BodyExtent extent{10, 20, 100};
    CHECK(rest_of(extent, 0)->offset == 10);
    CHECK(rest_of(extent, 0)->length == 20);
    CHECK(rest_of(extent, 19)->offset == 29);
    CHECK(rest_of(extent, 19)->length == 1);
    CHECK_FALSE(rest_of(extent, 20));
    CHECK_FALSE(rest_of({0, 0, 0}, 0));
}

TEST_CASE("a download goes on with the same object only", "[s3][range_plan]") {
    const ByteRange asked{40, 60};
    const auto extent = resumed_extent(pin, asked, 206, headers("40-99/100", "\"e1\""));
    REQUIRE(extent.ok());
    CHECK(extent->offset == 40);
    CHECK(extent->length == 60);
    CHECK(resumed_extent(pin, asked, 206, headers("40-99/100", "e1")).ok());

    struct Row {
        int status;
        Headers headers;
        ErrorCode code;
    };
    const Row rows[] = {
        {206, headers("40-99/100", "\"e2\""), ErrorCode::conflict},
        {206, headers("40-99/100", ""), ErrorCode::conflict},
        {206, {{"content-range", "bytes 40-99/100"}}, ErrorCode::conflict},
        {206, headers("40-99/101", "\"e1\""), ErrorCode::conflict},
        {206, headers("39-98/100", "\"e1\""), ErrorCode::corrupt},
        {206, headers("40-98/100", "\"e1\""), ErrorCode::corrupt},
        {206, {{"etag", "\"e1\""}}, ErrorCode::corrupt},
        {200, {{"content-length", "100"}, {"etag", "\"e1\""}}, ErrorCode::unsupported},
    };
    for (const Row& row : rows) {
        const auto refused = resumed_extent(pin, asked, row.status, row.headers);
        REQUIRE_FALSE(refused.ok());
        CHECK(code_of(refused) == row.code);
    }
    CHECK_FALSE(resumed_extent({"", "", 100}, asked, 206, headers("40-99/100", "")).ok());
}

TEST_CASE("a download is pinned to a version where there is one", "[s3][range_plan]") {
    const BodyExtent whole{0, 100, 100};
    const ObjectPin versioned = pin_of(whole, {{"etag", "\"e1\""}, {"x-amz-version-id", "v1"}});
    CHECK(versioned.etag == "e1");
    CHECK(versioned.version_id == "v1");
    CHECK(versioned.object_size == 100);
    const ByteRange asked{40, 60};
    CHECK(resumed_extent(versioned, asked, 206, headers("40-99/100", "\"e1\"", "v1")).ok());
    // The same bytes stored again.
    CHECK(code_of(resumed_extent(versioned, asked, 206, headers("40-99/100", "\"e1\"", "v2"))) ==
          ErrorCode::conflict);
}
