/// Servers that copy bytes before they answer: the parts of an upload together, or an object.

#include <catch2/catch.hpp>

#include "filestore/s3_client.h"
#include "wire/s3_client.h"

using namespace filestore;
using namespace filestore::test;
using namespace std::chrono_literals;

namespace {

constexpr std::size_t part = std::size_t{32} << 20U;
/// Longer than any other answer may take.
constexpr Pause copying{2500ms};

const std::string begun = answer(
    "200 OK", "", "<InitiateMultipartUploadResult><UploadId>u</UploadId></InitiateMultipartUploadResult>");
const std::string completed =
    answer("200 OK", "", "<CompleteMultipartUploadResult><ETag>\"x\"</ETag></CompleteMultipartUploadResult>");

S3ClientOptions impatient_options(const ScriptedServer& server) {
    S3ClientOptions options = options_for(server);
    options.part_size = part;
    options.parallel_parts = 1;
    options.expect_threshold.reset();
    options.retry.max_attempts = 1;
    options.first_byte_timeout = 2s;
    return options;
}

S3Client impatient_client(const ScriptedServer& server) {
    return S3Client::open(impatient_options(server)).value();
}

std::string object_of(std::size_t size) {
    return "HTTP/1.1 200 OK\r\n" + std::string(date_line) +
           "ETag: \"e\"\r\nContent-Length: " + std::to_string(size) + "\r\n\r\n";
}

S3CopyRequest copy_request() {
    S3CopyRequest request;
    request.source_bucket = "bucket";
    request.source_key = "source";
    request.bucket = "bucket";
    request.key = "key";
    return request;
}

}  // namespace

TEST_CASE("the completion of a large upload may take longer than another answer", "[wire]") {
    const std::string stored = answer("200 OK", "ETag: \"x\"\r\n", "");
    const ScriptedServer server({{ExpectRequest{}, Send{begun}, ExpectRequest{}, Send{stored},
                                  ExpectRequest{}, Send{stored}, ExpectRequest{}, copying, Send{completed}}});
    S3PutRequest request;
    request.bucket = "bucket";
    request.key = "key";
    request.source = source_from_string(std::string(2 * part, 'x'));
    const auto result = impatient_client(server).put(std::move(request));
    REQUIRE(result.ok());
    CHECK(result->parts == 2);
}

TEST_CASE("a copy of a large object may take longer than another answer", "[wire]") {
    const std::string copied =
        answer("200 OK", "", "<CopyObjectResult><ETag>\"x\"</ETag></CopyObjectResult>");
    const ScriptedServer server(
        {{ExpectHead{}, Send{object_of(part)}, ExpectRequest{}, copying, Send{copied}}});
    CHECK(impatient_client(server).copy(copy_request()).ok());
}

TEST_CASE("a copy of a large part may take longer than another answer", "[wire]") {
    const std::string copied = answer("200 OK", "", "<CopyPartResult><ETag>\"x\"</ETag></CopyPartResult>");
    const ScriptedServer server(
        {{ExpectHead{}, Send{object_of(part + 1)}, ExpectRequest{}, Send{begun}, ExpectRequest{}, copying,
          Send{copied}, ExpectRequest{}, Send{copied}, ExpectRequest{}, Send{object_of(part + 1)},
          ExpectRequest{}, Send{completed}}});
    S3CopyRequest request = copy_request();
    request.multipart_threshold = part;
    const auto result = impatient_client(server).copy(std::move(request));
    REQUIRE(result.ok());
    CHECK(result->parts == 2);
}

TEST_CASE("a copy of a large part that breaks off is asked for again, however long it took",
          "[wire][retry]") {
    // Without a beginning of an answer libcurl would ask again by itself.
    const Send beginning{"HTTP/1.1 200 OK\r\n"};
    const std::string copied = answer("200 OK", "", "<CopyPartResult><ETag>\"x\"</ETag></CopyPartResult>");
    const ScriptedServer server({{ExpectHead{}, Send{object_of(2 * part + 1)}, ExpectRequest{}, Send{begun},
                                  ExpectRequest{}, copying, beginning, Reset{}},
                                 {ExpectRequest{}, Send{copied}, ExpectRequest{}, Send{copied}, ExpectHead{},
                                  Send{object_of(2 * part + 1)}, ExpectRequest{}, Send{completed}}});
    S3ClientOptions options = impatient_options(server);
    options.retry.max_attempts = 2;
    // Beside the time that the server has for copying.
    options.retry.longest_time = 1s;
    S3CopyRequest request = copy_request();
    request.multipart_threshold = 2 * part;
    CHECK(S3Client::open(std::move(options)).value().copy(std::move(request)).ok());
}
