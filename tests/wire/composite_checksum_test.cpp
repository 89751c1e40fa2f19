/// Downloads of what has a checksum of its parts.

#include <catch2/catch.hpp>

#include "core/checksum/checksum.h"
#include "filestore/s3_client.h"
#include "support/code_of.h"
#include "wire/s3_client.h"

using namespace filestore;
using namespace filestore::test;

namespace {

const std::string content = "first part, second";
constexpr std::size_t first = 11;

ChecksumValue checksum(const std::string& bytes) {
    return checksum_of(ChecksumAlgorithm::sha256, std::as_bytes(std::span(bytes)));
}

std::string composite() {
    const std::vector<PartChecksum> parts{{checksum(content.substr(0, first)), first},
                                          {checksum(content.substr(first)), content.size() - first}};
    return multipart_checksum(ChecksumAlgorithm::sha256, ChecksumType::composite, parts).value().text();
}

std::string head_lines(const std::string& sum = composite()) {
    return "ETag: \"e-2\"\r\n" + std::string(date_line) + "x-amz-checksum-sha256: " + sum +
           "\r\nx-amz-checksum-type: COMPOSITE\r\n";
}

/// The first answer, which is left for the parts.
Script first_get(const std::string& body = content) {
    return {ExpectRequest{}, Send{answer("200 OK", head_lines(), body)}};
}

std::string part_head(std::size_t size, const std::string& count = "2", const std::string& etag = "e-2") {
    return "HTTP/1.1 206 Partial Content\r\nETag: \"" + etag + "\"\r\n" + std::string(date_line) +
           "x-amz-mp-parts-count: " + count + "\r\nContent-Length: " + std::to_string(size) + "\r\n\r\n";
}

const std::string first_head = part_head(first);
const std::string second_head = part_head(content.size() - first);

std::string range_of(const std::string& body) {
    return answer("206 Partial Content",
                  "ETag: \"e-2\"\r\n" + std::string(date_line) + "Content-Range: bytes 0-" +
                      std::to_string(body.size() - 1) + "/" + std::to_string(body.size()) + "\r\n",
                  body);
}

struct Fetched {
    Result<S3GetResult> result;
    std::string bytes;
};

Fetched fetch(const ScriptedServer& server, const std::string& profile = "aws", S3GetRequest request = {}) {
    S3ClientOptions options = options_for(server);
    options.profile = profile;
    options.checksum_mode = S3ChecksumMode::header;
    const auto sink = std::make_shared<BufferSink>();
    request.bucket = "bucket";
    request.key = "key";
    request.sink = sink;
    auto result = S3Client::open(std::move(options)).value().get(std::move(request));
    return {std::move(result), sink->take()};
}

std::vector<std::string> lines_of(const ScriptedServer& server) {
    std::vector<std::string> lines;
    for (const HeardRequest& request : server.requests()) {
        lines.push_back(request.line());
    }
    return lines;
}

}  // namespace

TEST_CASE("an object of parts is verified by the checksum of their checksums", "[wire][checksum]") {
    const ScriptedServer server({first_get(), conversation({first_head, range_of(content)})});
    S3GetRequest request;
    request.conditions.if_none_match = "another";
    const Fetched fetched = fetch(server, "aws", std::move(request));
    REQUIRE(fetched.result.ok());
    CHECK(fetched.bytes == content);
    REQUIRE(fetched.result->verified);
    CHECK(fetched.result->verified->text() == composite());
    REQUIRE(lines_of(server).size() == 3);
    CHECK(lines_of(server)[1] == "HEAD /bucket/key?partNumber=1 HTTP/1.1");
    CHECK(server.requests()[1].header("If-None-Match") == "(none)");
    CHECK(server.requests()[2].header("Range") == "bytes=0-" + std::to_string(content.size() - 1));
}

TEST_CASE("an object of parts that has other bytes than its checksum is damaged", "[wire][checksum]") {
    for (const std::size_t at : {std::size_t{0}, first, content.size() - 1}) {
        std::string damaged = content;
        damaged[at] ^= 1;
        const ScriptedServer server(
            {first_get(damaged), conversation({first_head, range_of(damaged), second_head})});
        const Fetched fetched = fetch(server);
        CHECK(code_of(fetched.result) == ErrorCode::corrupt);
        CHECK(lines_of(server).back() == "HEAD /bucket/key?partNumber=2 HTTP/1.1");
    }
}

TEST_CASE("an object that is cut otherwise than into equal parts is not damaged", "[wire][checksum]") {
    // As if there were a part of nothing at the end; the first says nothing of that.
    const ScriptedServer server(
        {first_get(), conversation({part_head(first + 1), range_of(content), part_head(0)})});
    const Fetched fetched = fetch(server);
    REQUIRE(fetched.result.ok());
    CHECK(fetched.bytes == content);
    CHECK_FALSE(fetched.result->verified.has_value());
}

TEST_CASE("a doubt that cannot be cleared is a failure", "[wire][checksum]") {
    std::string damaged = content;
    damaged[0] ^= 1;
    const ScriptedServer server(
        {first_get(damaged), conversation({first_head, range_of(damaged), answer("403 Forbidden", "", "")})});
    CHECK(code_of(fetch(server).result) == ErrorCode::permission_denied);
}

TEST_CASE("where the server does not tell the parts, their checksum is passed over", "[wire][checksum]") {
    for (const std::string& said : {answer("501 Not Implemented", "", ""),
                                    "HTTP/1.1 200 OK\r\nETag: \"e-2\"\r\nContent-Length: " +
                                        std::to_string(content.size()) + "\r\n\r\n",
                                    part_head(first, "3"), part_head(first, "2", "other"), part_head(0),
                                    part_head(content.size()), part_head(2)}) {
        const ScriptedServer server({first_get(), conversation({said, range_of(content)})});
        const Fetched fetched = fetch(server);
        INFO(said);
        REQUIRE(fetched.result.ok());
        CHECK(fetched.bytes == content);
        CHECK_FALSE(fetched.result->verified.has_value());
    }
}

TEST_CASE("where the parts may not be asked for, their checksum is passed over", "[wire][checksum]") {
    // A HEAD that is refused without a word is asked for the reason.
    const std::string why = answer("403 Forbidden", "", error_body("AccessDenied"));
    const ScriptedServer server(
        {first_get(), conversation({answer("403 Forbidden", "", ""), why, range_of(content)})});
    const Fetched fetched = fetch(server);
    REQUIRE(fetched.result.ok());
    CHECK(fetched.bytes == content);
    CHECK_FALSE(fetched.result->verified.has_value());
}

TEST_CASE("a server that is not known to tell parts is not asked", "[wire][checksum]") {
    const ScriptedServer server({first_get()});
    const Fetched fetched = fetch(server, "generic");
    REQUIRE(fetched.result.ok());
    CHECK(fetched.bytes == content);
    CHECK_FALSE(fetched.result->verified.has_value());
    CHECK(server.requests().size() == 1);
}

TEST_CASE("one part is known without asking", "[wire][checksum]") {
    const std::vector<PartChecksum> parts{{checksum(content), content.size()}};
    const std::string sum =
        multipart_checksum(ChecksumAlgorithm::sha256, ChecksumType::composite, parts).value().text();
    const ScriptedServer server({{ExpectRequest{}, Send{answer("200 OK", head_lines(sum), content)}}});
    const Fetched fetched = fetch(server);
    REQUIRE(fetched.result.ok());
    REQUIRE(fetched.result->verified);
    CHECK(fetched.result->verified->text() == sum);
}

TEST_CASE("a range of an object of parts is not verified", "[wire][checksum]") {
    const std::string body = content.substr(0, 4);
    const ScriptedServer server({{ExpectRequest{}, Send{answer("206 Partial Content",
                                                               head_lines() + "Content-Range: bytes 0-3/" +
                                                                   std::to_string(content.size()) + "\r\n",
                                                               body)}}});
    S3GetRequest request;
    request.range = ByteRange{0, 4};
    const Fetched fetched = fetch(server, "aws", std::move(request));
    REQUIRE(fetched.result.ok());
    CHECK(fetched.bytes == body);
    CHECK_FALSE(fetched.result->verified.has_value());
}
