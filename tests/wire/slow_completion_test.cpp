/// Servers that copy the parts of an upload together before they answer the request that completes it.

#include <catch2/catch.hpp>

#include "filestore/s3_client.h"
#include "wire/s3_client.h"

using namespace filestore;
using namespace filestore::test;
using namespace std::chrono_literals;

TEST_CASE("the completion of a large upload may take longer than another answer", "[wire]") {
    constexpr std::size_t part = std::size_t{32} << 20U;
    const std::string begun =
        answer("200 OK", "",
               "<InitiateMultipartUploadResult><UploadId>u</UploadId></InitiateMultipartUploadResult>");
    const std::string stored = answer("200 OK", "ETag: \"x\"\r\n", "");
    const std::string completed = answer(
        "200 OK", "", "<CompleteMultipartUploadResult><ETag>\"x\"</ETag></CompleteMultipartUploadResult>");
    const ScriptedServer server(
        {{ExpectRequest{}, Send{begun}, ExpectRequest{}, Send{stored}, ExpectRequest{}, Send{stored},
          ExpectRequest{}, Pause{2500ms}, Send{completed}}});
    S3ClientOptions options = options_for(server);
    options.part_size = part;
    options.parallel_parts = 1;
    options.expect_threshold.reset();
    options.retry.max_attempts = 1;
    options.first_byte_timeout = 2s;
    S3PutRequest request;
    request.bucket = "bucket";
    request.key = "key";
    request.source = source_from_string(std::string(2 * part, 'x'));
    const auto result = S3Client::open(std::move(options)).value().put(std::move(request));
    REQUIRE(result.ok());
    CHECK(result->parts == 2);
}
