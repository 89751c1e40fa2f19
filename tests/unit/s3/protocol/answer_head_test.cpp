#include "s3/protocol/answer_head.h"

#include <catch2/catch.hpp>

#include "core/encoding.h"

using filestore::ByteRange;
using filestore::ErrorCode;
using filestore::FileId;
using namespace filestore::s3;

namespace {
using Headers = std::vector<NameValue>;
}

TEST_CASE("the Range header of a request", "[answer_head]") {
    CHECK(range_header({0, 1}) == "bytes=0-0");
    CHECK(range_header({0, 100}) == "bytes=0-99");
    CHECK(range_header({100, {}}) == "bytes=100-");
    CHECK(range_header({10, UINT64_MAX}) == "bytes=10-");
}

TEST_CASE("Content-Length", "[answer_head]") {
    CHECK(content_length({{"x", "y"}, {"content-length", "0"}}).value() == 0);
    CHECK(content_length({{"content-length", "18446744073709551615"}}).value() == UINT64_MAX);
    for (const char* text :
         {"", "-1", "+1", " 1", "1 ", "1,1", "0x1", "1.0", "18446744073709551616", "many"}) {
        INFO(text);
        CHECK(content_length({{"content-length", text}}).error().code() == ErrorCode::corrupt);
    }
    CHECK(content_length({}).error().code() == ErrorCode::corrupt);
}

TEST_CASE("the whole file", "[answer_head]") {
    const auto extent = body_extent({}, 200, {{"content-length", "7"}});
    REQUIRE(extent.ok());
    CHECK(extent->offset == 0);
    CHECK(extent->length == 7);
    CHECK(extent->object_size == 7);
    CHECK(body_extent({}, 206, {{"content-length", "7"}, {"content-range", "bytes 0-6/7"}}).error().code() ==
          ErrorCode::corrupt);
    CHECK(body_extent({}, 200, {}).error().code() == ErrorCode::corrupt);
}

TEST_CASE("parts of a file", "[answer_head]") {
    struct Row {
        ByteRange asked;
        const char* content_range;
        std::uint64_t length;
    };
    const Row rows[] = {
        {{0, 1}, "bytes 0-0/10", 1},  {{2, 3}, "bytes 2-4/10", 3},   {{8, 100}, "bytes 8-9/10", 2},
        {{9, {}}, "bytes 9-9/10", 1}, {{0, {}}, "bytes 0-9/10", 10}, {{3, UINT64_MAX}, "bytes 3-9/10", 7},
    };
    for (const Row& row : rows) {
        INFO(row.content_range);
        const auto extent = body_extent(row.asked, 206, {{"content-range", row.content_range}});
        REQUIRE(extent.ok());
        CHECK(extent->offset == row.asked.offset);
        CHECK(extent->length == row.length);
        CHECK(extent->object_size == 10);
    }
}

TEST_CASE("parts that were not asked for", "[answer_head]") {
    const ByteRange asked{2, 3};
    for (const char* text :
         {"", "bytes 2-4", "bytes 2-4/", "bytes 2-4/*", "bytes */10", "2-4/10", "Bytes 2-4/10",
          "bytes 2-4/10 ", "bytes  2-4/10", "bytes 1-4/10", "bytes 3-4/10", "bytes 2-5/10", "bytes 2-3/10",
          "bytes 4-2/10", "bytes 2-4/4", "bytes 2-18446744073709551616/10", "bytes -2-4/10",
          "bytes 2-4/10, bytes 5-6/10"}) {
        INFO(text);
        CHECK(body_extent(asked, 206, {{"content-range", text}}).error().code() == ErrorCode::corrupt);
    }
    CHECK(body_extent(asked, 206, {}).error().code() == ErrorCode::corrupt);
    CHECK(body_extent(asked, 200, {{"content-length", "10"}}).error().code() == ErrorCode::unsupported);
}

TEST_CASE("what the headers tell of a file", "[answer_head]") {
    const FileId id = FileId::generate().value();
    const NameValue date{"last-modified", "Sun, 06 Nov 1994 08:49:37 GMT"};
    const auto info = file_info(
        id, 5, {date, {"content-type", "text/plain"}, {"x-amz-meta-colour", "blue"}, {"etag", "x"}});
    REQUIRE(info.ok());
    CHECK(info->id == id);
    CHECK(info->size == 5);
    CHECK(info->content_type == "text/plain");
    CHECK(filestore::format_timestamp(info->last_modified) == "1994-11-06T08:49:37.000000Z");
    CHECK(info->metadata.to_json() == R"({"colour":"blue"})");

    CHECK(file_info(id, 5, {date})->content_type == filestore::default_content_type);
    CHECK(file_info(id, 5, {date, {"content-type", ""}})->content_type == filestore::default_content_type);
    CHECK(file_info(id, 5, {}).error().code() == ErrorCode::corrupt);
    CHECK(file_info(id, 5, {date, {"x-amz-meta-filestore", "ew=="}}).error().code() == ErrorCode::corrupt);
}

TEST_CASE("an object of another size than its uploader sent", "[answer_head]") {
    const std::vector<NameValue> headers = {{"x-amz-meta-filestore", filestore::to_base64(R"({"size":5})")}};
    CHECK(object_metadata(5, headers).ok());
    CHECK(object_metadata(4, headers).error().code() == ErrorCode::corrupt);
    CHECK(object_metadata(6, headers).error().code() == ErrorCode::corrupt);
    CHECK(object_metadata(4, {}).ok());
}

TEST_CASE("a header that says one thing is not there twice with two", "[answer_head]") {
    for (const char* name :
         {"etag", "content-range", "last-modified", "x-amz-version-id", "x-amz-checksum-crc32"}) {
        INFO(name);
        CHECK(check_headers({{name, "a"}}).ok());
        CHECK(check_headers({{name, "a"}, {"date", "b"}, {name, "a"}}).ok());
        const auto checked = check_headers({{name, "a"}, {"date", "b"}, {name, "b"}});
        REQUIRE_FALSE(checked.ok());
        CHECK(checked.error().code() == ErrorCode::corrupt);
    }
    CHECK(check_headers({{"vary", "a"}, {"vary", "b"}, {"x-amz-meta-a", "1"}, {"x-amz-meta-a", "2"}}).ok());
}
