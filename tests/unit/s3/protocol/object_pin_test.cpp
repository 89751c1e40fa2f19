#include "s3/protocol/object_pin.h"

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

TEST_CASE("a download goes on with the same object only", "[s3][object_pin]") {
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

TEST_CASE("a weak ETag pins nothing", "[s3][object_pin]") {
    CHECK(pin_of({0, 100, 100}, {{"etag", "W/\"e1\""}}).etag.empty());
    CHECK(code_of(resumed_extent({"W/\"e1\"", "", 100}, {40, 60}, 206, headers("40-99/100", "W/\"e1\""))) ==
          ErrorCode::conflict);
}

TEST_CASE("a download is pinned to a version where there is one", "[s3][object_pin]") {
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
