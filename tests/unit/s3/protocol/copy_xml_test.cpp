#include "s3/protocol/copy_xml.h"

#include <catch2/catch.hpp>

#include "support/code_of.h"

using filestore::ChecksumAlgorithm;
using filestore::ErrorCode;
using filestore::parse_timestamp;
using namespace filestore::s3;

namespace {

const std::string fields =
    "<LastModified>2026-01-31T23:59:59.000Z</"
    "LastModified><ETag>&quot;9b2cf535f27731c974343645a3985328&quot;</ETag>"
    "<ChecksumSHA256>FeKw08M4keuw8e9gnsQZQgwg4yDOlMZfvIwzEkSOsiU=</ChecksumSHA256>";
const std::string object_copy = "<CopyObjectResult>" + fields + "</CopyObjectResult>";
const std::string part_copy = "<CopyPartResult>" + fields + "</CopyPartResult>";

}  // namespace

TEST_CASE("the source of a copy", "[s3][copy_xml]") {
    CHECK(copy_source("bucket", "key") == "/bucket/key");
    CHECK(copy_source("bucket", "a/b c+d%2F?versionId=x\xC3\xA9") ==
          "/bucket/a/b%20c%2Bd%252F%3FversionId%3Dx%C3%A9");
    CHECK(copy_source("bucket", "/../.") == "/bucket//../.");
    CHECK(copy_source("bucket", "k", "3/L4kqtJl+") == "/bucket/k?versionId=3%2FL4kqtJl%2B");
    CHECK(copy_source_range(0, 1) == "bytes=0-0");
    CHECK(copy_source_range(5'368'709'120, 5'368'709'120) == "bytes=5368709120-10737418239");
}

TEST_CASE("the answer to a copy", "[s3][copy_xml]") {
    for (const auto& copy : {parse_copy_object(object_copy), parse_copy_part("\r\n  " + part_copy)}) {
        REQUIRE(copy.ok());
        CHECK(copy->etag == "9b2cf535f27731c974343645a3985328");
        CHECK(copy->last_modified == *parse_timestamp("2026-01-31T23:59:59Z"));
        REQUIRE(copy->checksums.size() == 1);
        CHECK(copy->checksums[0].algorithm == ChecksumAlgorithm::sha256);
    }
    CHECK(code_of(parse_copy_object(part_copy)) == ErrorCode::corrupt);
    CHECK(parse_copy_part(object_copy).ok());
    CHECK(code_of(parse_copy_object("")) == ErrorCode::corrupt);
    CHECK(code_of(parse_copy_object("<CopyObjectResult/>")) == ErrorCode::corrupt);
    CHECK(parse_copy_part("<CopyPartResult><ETag>\"e\"</ETag></CopyPartResult>")->etag == "e");
    CHECK(code_of(parse_copy_part(
              "<CopyPartResult><ETag>e</ETag><LastModified>then</LastModified></CopyPartResult>")) ==
          ErrorCode::corrupt);
    for (std::size_t size = 0; size < object_copy.size(); ++size) {
        REQUIRE_FALSE(parse_copy_object(object_copy.substr(0, size)).ok());
    }
}

TEST_CASE("an error within the status 200 of a copy is that error", "[s3][copy_xml]") {
    const std::string error =
        "   <?xml version=\"1.0\"?><Error><Code>SlowDown</Code><Message>m</Message></Error>";
    for (const auto& copy : {parse_copy_object(error), parse_copy_part(error)}) {
        REQUIRE_FALSE(copy.ok());
        CHECK(code_of(copy) == ErrorCode::rate_limited);
        CHECK(copy.error().retryable());
    }
}
