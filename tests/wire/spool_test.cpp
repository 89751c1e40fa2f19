/// Parts that are too large for the memory that there is.

#include <catch2/catch.hpp>
#include <filesystem>
#include <limits>

#include "filestore/s3_client.h"
#include "support/code_of.h"
#include "support/random_bytes.h"
#include "support/temporary_directory.h"
#include "support/test_streams.h"
#include "wire/s3_client.h"

using namespace filestore;
using namespace filestore::test;

namespace {

constexpr std::size_t mebibyte = std::size_t{1} << 20U;
constexpr std::size_t part = 5 * mebibyte;

const std::string begun = answer(
    "200 OK", "", "<InitiateMultipartUploadResult><UploadId>u</UploadId></InitiateMultipartUploadResult>");
const std::string completed =
    answer("200 OK", "", "<CompleteMultipartUploadResult><ETag>\"x\"</ETag></CompleteMultipartUploadResult>");
const std::string stored = answer("200 OK", "ETag: \"x\"\r\n", "");

S3ClientOptions little_memory(const ScriptedServer& server, const std::string& spool) {
    S3ClientOptions options = options_for(server);
    options.part_size = part;
    options.part_memory = mebibyte;
    options.parallel_parts = 1;
    options.expect_threshold.reset();
    options.retry.max_attempts = 2;
    options.spool_directory = spool;
    return options;
}

Result<S3PutResult> put(S3ClientOptions options, std::shared_ptr<Source> source) {
    S3PutRequest request;
    request.bucket = "bucket";
    request.key = "key";
    request.source = std::move(source);
    return S3Client::open(std::move(options)).value().put(std::move(request));
}

/// A source of these bytes that does not tell their number, and cannot go back.
std::shared_ptr<Source> stream_of(const std::string& bytes) {
    return std::make_shared<HesitantSource>(bytes, 1'000'000);
}

}  // namespace

TEST_CASE("a part that is too large for memory is sent from the spool, again where it must be",
          "[wire][spool]") {
    const TemporaryDirectory spool;
    const std::string content = random_bytes(part + mebibyte);
    for (const S3ChecksumMode mode : {S3ChecksumMode::off, S3ChecksumMode::header, S3ChecksumMode::trailer}) {
        const ScriptedServer server({conversation({begun}),
                                     {ExpectHead{}, ExpectBody{part / 2}, Reset{}},
                                     conversation({stored, stored, completed})});
        S3ClientOptions options = little_memory(server, spool.path().string());
        options.payload_signing = S3PayloadSigning::signed_payload;
        options.checksum_mode = mode;
        const auto result = put(std::move(options), stream_of(content));
        REQUIRE(result.ok());
        CHECK(result->size == content.size());
        const auto requests = server.requests();
        REQUIRE(requests.size() == 5);
        if (mode == S3ChecksumMode::trailer) {
            CHECK((requests[2].body.find(content.substr(0, 60'000)) != std::string::npos));
        } else {
            CHECK((requests[2].body == content.substr(0, part)));
            CHECK((requests[3].body == content.substr(part)));
        }
        CHECK(std::filesystem::is_empty(spool.path()));
    }
}

TEST_CASE("where a part cannot be spooled the upload fails, and is aborted", "[wire][spool]") {
    const ScriptedServer server;
    const auto result = put(little_memory(server, "/nowhere/at/all"), stream_of(std::string(part + 1, 'x')));
    REQUIRE(code_of(result) == ErrorCode::configuration);
    CHECK(result.error().message().find("/nowhere/at/all") != std::string_view::npos);
    CHECK(server.connections() == 0);
}

TEST_CASE("what fits into memory is not spooled", "[wire][spool]") {
    const ScriptedServer server({conversation({stored}), conversation({stored})});
    S3ClientOptions options = little_memory(server, "/nowhere/at/all");
    CHECK(put(options, source_from_string(random_bytes(mebibyte))).ok());
    CHECK(put(options, stream_of(random_bytes(200'000))).ok());
}

TEST_CASE("no range that is asked for is larger than there is memory for", "[wire][spool]") {
    const std::string head = "HTTP/1.1 200 OK\r\nETag: \"x\"\r\n" + std::string(date_line) +
                             "Content-Length: " + std::to_string(4 * part) + "\r\n\r\n";
    const ScriptedServer server({{ExpectRequest{}, Send{head + std::string(100'000, 'x')}, Stall{}},
                                 conversation({answer("403 Forbidden", "", error_body("AccessDenied"))})});
    S3GetRequest request;
    request.bucket = "bucket";
    request.key = "key";
    request.sink = std::make_shared<BufferSink>();
    S3ClientOptions options = little_memory(server, "");
    options.parallel_parts = 2;
    options.parallel_below_rate = std::numeric_limits<std::uint64_t>::max();
    options.max_connections = 1;
    CHECK(code_of(S3Client::open(options).value().get(request)) == ErrorCode::permission_denied);
    REQUIRE(server.requests().size() >= 2);
    CHECK(server.requests()[1].header("Range") == "bytes=0-1048575");
}

TEST_CASE("bytes that are in memory already need none, nor a spool", "[wire][spool]") {
    const std::string content = random_bytes(part + mebibyte);
    const auto bytes = std::as_bytes(std::span(content));
    for (const S3ChecksumMode mode : {S3ChecksumMode::off, S3ChecksumMode::header, S3ChecksumMode::trailer}) {
        // The first part once more, after a connection that broke.
        const ScriptedServer server({conversation({begun}),
                                     {ExpectHead{}, ExpectBody{part / 2}, Reset{}},
                                     conversation({stored, stored, completed})});
        S3ClientOptions options = little_memory(server, "/there/is/no/such/directory");
        options.payload_signing = S3PayloadSigning::signed_payload;
        options.checksum_mode = mode;
        const auto result = put(std::move(options), source_from_span(bytes));
        REQUIRE(result.ok());
        CHECK(result->size == content.size());
        CHECK(result->parts == 2);
        const auto requests = server.requests();
        REQUIRE(requests.size() == 5);
        if (mode != S3ChecksumMode::trailer) {
            CHECK((requests[2].body + requests[3].body == content));
        }
    }
}

TEST_CASE("an empty body in memory is an empty object", "[wire][spool]") {
    const ScriptedServer server({conversation({stored})});
    const auto result = put(options_for(server), source_from_string(""));
    REQUIRE(result.ok());
    CHECK(result->size == 0);
    CHECK(server.requests().at(0).header("content-length") == "0");
}
