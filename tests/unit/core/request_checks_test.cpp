#include "core/request_checks.h"

#include <catch2/catch.hpp>

using namespace std::chrono_literals;
using filestore::BufferSink;
using filestore::ByteRange;
using filestore::check_request;
using filestore::DownloadRequest;
using filestore::ErrorCode;
using filestore::FileId;
using filestore::FileRequest;
using filestore::ListRequest;
using filestore::PresignRequest;
using filestore::resolve_range;
using filestore::UploadRequest;

namespace {

UploadRequest good_upload() {
    UploadRequest request;
    request.id = FileId::generate().value();
    request.source = filestore::source_from_string("x");
    return request;
}

DownloadRequest good_download() {
    DownloadRequest request;
    request.id = FileId::generate().value();
    request.sink = std::make_shared<BufferSink>();
    return request;
}

template <class Request>
void check_refused(const Request& request) {
    const auto checked = check_request(request);
    REQUIRE_FALSE(checked.ok());
    CHECK(checked.error().code() == ErrorCode::invalid_argument);
    CHECK(checked.error().message().find('\n') == std::string_view::npos);
}

}  // namespace

TEST_CASE("requests that can be served", "[request_checks]") {
    CHECK(check_request(good_upload()).ok());
    CHECK(check_request(good_download()).ok());
    CHECK(check_request(FileRequest{FileId::generate().value(), {}}).ok());
    CHECK(check_request(ListRequest{}).ok());
    CHECK(check_request(PresignRequest{FileId::generate().value(), {}, 3600s, true, {}}).ok());
}

TEST_CASE("an upload that cannot be served", "[request_checks]") {
    UploadRequest request = good_upload();
    SECTION("no ID") {
        request.id = FileId();
    }
    SECTION("no source") {
        request.source = nullptr;
    }
    SECTION("a file that is to be new and a version of another") {
        request.create_only = true;
        request.if_version = "v";
    }
    SECTION("a path that is not UTF-8") {
        request.original_path = "a\xFF";
    }
    SECTION("an empty content type") {
        request.content_type.clear();
    }
    SECTION("a content type with a line break") {
        request.content_type = "text/plain\r\nx-amz-acl: public-read";
    }
    SECTION("a content type with NUL") {
        request.content_type = std::string("text\0", 5);
    }
    SECTION("a content type that is not ASCII") {
        request.content_type = "text/\xC3\xA4";
    }
    SECTION("a content type of 256 bytes") {
        request.content_type = std::string(256, 'a');
    }
    SECTION("a key of ours") {
        REQUIRE(request.metadata.set("size", "1").ok());
    }
    check_refused(request);
}

TEST_CASE("the longest content type", "[request_checks]") {
    UploadRequest request = good_upload();
    request.content_type = std::string(255, 'a');
    CHECK(check_request(request).ok());
}

TEST_CASE("a download that cannot be served", "[request_checks]") {
    DownloadRequest request = good_download();
    SECTION("no ID") {
        request.id = FileId();
    }
    SECTION("no sink") {
        request.sink = nullptr;
    }
    SECTION("an empty range") {
        request.range = ByteRange{3, 0};
    }
    check_refused(request);
}

TEST_CASE("the limits of lists and presigned URLs", "[request_checks]") {
    for (const std::size_t limit : {std::size_t{0}, std::size_t{1001}, SIZE_MAX}) {
        check_refused(ListRequest{{}, limit, {}});
    }
    CHECK(check_request(ListRequest{{}, 1, {}}).ok());
    const FileId id = FileId::generate().value();
    for (const auto expires : {0s, -1s, 604'801s}) {
        check_refused(PresignRequest{id, {}, expires, true, {}});
    }
    CHECK(check_request(PresignRequest{id, {}, 1s, true, {}}).ok());
    CHECK(check_request(PresignRequest{id, {}, 604'800s, true, {}}).ok());
    check_refused(PresignRequest{});
    check_refused(FileRequest{});
}

TEST_CASE("ranges are cut at the end of the file", "[request_checks]") {
    struct Row {
        std::optional<ByteRange> range;
        std::uint64_t size;
        std::uint64_t offset;
        std::uint64_t length;
    };
    const Row rows[] = {
        {std::nullopt, 0, 0, 0},
        {std::nullopt, 10, 0, 10},
        {ByteRange{0, 10}, 10, 0, 10},
        {ByteRange{0, 11}, 10, 0, 10},
        {ByteRange{9, std::nullopt}, 10, 9, 1},
        {ByteRange{9, UINT64_MAX}, 10, 9, 1},
        {ByteRange{3, 4}, 10, 3, 4},
    };
    for (const Row& row : rows) {
        const auto range = resolve_range(row.range, row.size);
        REQUIRE(range.ok());
        CHECK(range->offset == row.offset);
        CHECK(range->length == row.length);
    }
    for (const std::uint64_t offset : {std::uint64_t{10}, std::uint64_t{11}, UINT64_MAX}) {
        CHECK(resolve_range(ByteRange{offset, std::nullopt}, 10).error().code() ==
              ErrorCode::range_not_satisfiable);
    }
    CHECK(resolve_range(ByteRange{0, std::nullopt}, 0).error().code() == ErrorCode::range_not_satisfiable);
}
