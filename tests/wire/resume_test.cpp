/// Uploads that are gone on with by a token.

#include <algorithm>
#include <catch2/catch.hpp>

#include "core/digest.h"
#include "core/encoding.h"
#include "filestore/s3_client.h"
#include "support/code_of.h"
#include "support/random_bytes.h"
#include "support/test_streams.h"
#include "wire/s3_client.h"

using namespace filestore;
using namespace filestore::test;

namespace {

constexpr std::size_t part = std::size_t{5} << 20U;

const std::string gone = answer("404 Not Found", "", error_body("NoSuchUpload"));
const std::string no_content = "HTTP/1.1 204 No Content\r\n\r\n";
const std::string begun =
    answer("200 OK", "",
           "<InitiateMultipartUploadResult><UploadId>upload-1</UploadId></InitiateMultipartUploadResult>");
const std::string completed = answer(
    "200 OK", "", "<CompleteMultipartUploadResult><ETag>\"whole\"</ETag></CompleteMultipartUploadResult>");
const std::string no_parts = answer("200 OK", "", "<ListPartsResult></ListPartsResult>");

std::string etag_of(const std::string& bytes) {
    return to_hex(md5(bytes));
}

std::string part_stored(const std::string& bytes) {
    return answer("200 OK", "ETag: \"" + etag_of(bytes) + "\"\r\n", "");
}

std::string listed(int number, const std::string& bytes) {
    return "<Part><PartNumber>" + std::to_string(number) + "</PartNumber><ETag>\"" + etag_of(bytes) +
           "\"</ETag><Size>" + std::to_string(bytes.size()) + "</Size></Part>";
}

std::string parts_listing(const std::string& parts, bool truncated = false) {
    return answer("200 OK", "",
                  "<ListPartsResult><IsTruncated>" + std::string(truncated ? "true" : "false") +
                      "</IsTruncated>" + parts + "</ListPartsResult>");
}

S3Client client_on(const ScriptedServer& server, unsigned parallel_parts = 1) {
    S3ClientOptions options = options_for(server);
    options.part_size = part;
    options.parallel_parts = parallel_parts;
    options.expect_threshold.reset();
    return S3Client::open(std::move(options)).value();
}

S3PutRequest put_of(std::shared_ptr<Source> source) {
    S3PutRequest request;
    request.bucket = "bucket";
    request.key = "key";
    request.source = std::move(source);
    return request;
}

/// The token of an upload of `size` bytes whose source failed before the end of its first part had been sent.
std::string token_of_begun(std::optional<std::uint64_t> size, const S3Conditions& conditions = {}) {
    std::string token;
    const ScriptedServer server({conversation({begun, part_stored(std::string(part, 'x'))})});
    S3PutRequest request = put_of(failing_source(std::string(part + 1, 'x'), 7, size));
    request.conditions = conditions;
    request.on_resume_token = [&](const std::string& given) -> Result<void> {
        token = given;
        return {};
    };
    REQUIRE(code_of(client_on(server).put(request)) == ErrorCode::source_failed);
    REQUIRE_FALSE(token.empty());
    // What would be sent to abort the upload would need another one.
    CHECK(server.connections() == 1);
    return token;
}

S3PutRequest resuming(const std::string& token, std::shared_ptr<Source> source) {
    S3PutRequest request = put_of(std::move(source));
    request.resume_token = token;
    return request;
}

std::vector<std::string> lines_of(const ScriptedServer& server) {
    std::vector<std::string> lines;
    for (const HeardRequest& request : server.requests()) {
        lines.push_back(request.line());
    }
    return lines;
}

const std::string asks = "GET /bucket/key?uploadId=upload-1 HTTP/1.1";
const std::string completes = "POST /bucket/key?uploadId=upload-1 HTTP/1.1";

std::string sends(int number) {
    return "PUT /bucket/key?partNumber=" + std::to_string(number) + "&uploadId=upload-1 HTTP/1.1";
}

}  // namespace

TEST_CASE("a resumed upload sends what is not there", "[wire][resume]") {
    const std::string content = random_bytes(2 * part + 100);
    const std::string one = content.substr(0, part);
    const std::string two = content.substr(part, part);
    const std::string three = content.substr(2 * part);
    for (const bool size_known : {true, false}) {
        const std::string token =
            token_of_begun(size_known ? std::optional<std::uint64_t>(content.size()) : std::nullopt);
        const ScriptedServer server(
            {conversation({parts_listing(listed(1, one) + listed(3, three)), part_stored(two), completed})});
        Progress last;
        S3PutRequest request = resuming(token, source_from_string(content));
        request.call.progress = [&](const Progress& progress) { last = progress; };
        const auto stored = client_on(server).put(std::move(request));
        REQUIRE(stored.ok());
        CHECK(stored->parts == 3);
        CHECK(stored->size == content.size());
        CHECK(last.bytes_done == content.size());
        CHECK(last.bytes_acknowledged == content.size());
        REQUIRE(lines_of(server) == std::vector<std::string>{asks, sends(2), completes});
        CHECK(server.requests()[1].body == two);
        const std::string body = server.requests()[2].body;
        const auto first = body.find(etag_of(one));
        const auto second = body.find(etag_of(two));
        const auto third = body.find(etag_of(three));
        CHECK((first < second && second < third && third != std::string::npos));
    }
}

TEST_CASE("a part that differs from the source is sent again", "[wire][resume]") {
    const std::string content = random_bytes(part + 5);
    const std::string one = content.substr(0, part);
    const std::string two = content.substr(part);
    std::string other = one;
    other[part / 2] ^= 1;
    const ScriptedServer server({conversation({parts_listing(listed(1, other) + listed(2, two + "x")),
                                               part_stored(one), part_stored(two), completed})});
    REQUIRE(
        client_on(server).put(resuming(token_of_begun(content.size()), source_from_string(content))).ok());
    CHECK(lines_of(server) == std::vector<std::string>{asks, sends(1), sends(2), completes});
}

TEST_CASE("the parts of an upload are listed to the end", "[wire][resume]") {
    const std::string content = random_bytes(part + 5);
    const std::string one = content.substr(0, part);
    const std::string two = content.substr(part);
    const ScriptedServer server(
        {conversation({parts_listing(listed(1, one), true), parts_listing(listed(2, two)), completed})});
    REQUIRE(
        client_on(server).put(resuming(token_of_begun(content.size()), source_from_string(content))).ok());
    CHECK(lines_of(server) ==
          std::vector<std::string>{asks, "GET /bucket/key?part-number-marker=1&uploadId=upload-1 HTTP/1.1",
                                   completes});
}

TEST_CASE("an upload is resumed with a source of nothing", "[wire][resume]") {
    const ScriptedServer server({conversation({no_parts, part_stored(""), completed})});
    REQUIRE(client_on(server).put(resuming(token_of_begun(std::nullopt), source_from_string(""))).ok());
    CHECK(lines_of(server) == std::vector<std::string>{asks, sends(1), completes});
}

TEST_CASE("the conditions of a resumed upload are those that it was begun with", "[wire][resume]") {
    S3Conditions create_only;
    create_only.if_none_match = "*";
    const std::string token = token_of_begun(std::nullopt, create_only);
    const ScriptedServer server(
        {conversation({no_parts, part_stored("x"),
                       answer("412 Precondition Failed", "", error_body("PreconditionFailed"))})});
    CHECK(code_of(client_on(server).put(resuming(token, source_from_string("x")))) ==
          ErrorCode::already_exists);
    REQUIRE(lines_of(server) == std::vector<std::string>{asks, sends(1), completes});
    CHECK(server.requests()[2].header("If-None-Match") == "*");
}

TEST_CASE("an upload that is gone is not resumed", "[wire][resume]") {
    const ScriptedServer server({conversation({gone})});
    const auto result =
        client_on(server).put(resuming(token_of_begun(std::nullopt), source_from_string("content")));
    REQUIRE_FALSE(result.ok());
    CHECK(result.error().code() == ErrorCode::not_found);
    CHECK(std::string(result.error().message()).find("go on with") != std::string::npos);
    CHECK(lines_of(server) == std::vector<std::string>{asks});
}

TEST_CASE("a token of something else is refused before anything is sent", "[wire][resume]") {
    const ScriptedServer server;
    S3Client client = client_on(server);
    const std::string token = token_of_begun(2 * part);
    for (const S3PutRequest& request :
         {resuming("no token", source_from_string(std::string(2 * part, 'x'))),
          resuming(token.substr(0, token.size() - 4), source_from_string(std::string(2 * part, 'x'))),
          resuming(token, source_from_string("another size"))}) {
        CHECK(code_of(client.put(request)) == ErrorCode::invalid_argument);
    }
    S3PutRequest other_key = resuming(token, source_from_string(std::string(2 * part, 'x')));
    other_key.key = "other";
    CHECK(code_of(client.put(other_key)) == ErrorCode::invalid_argument);
    S3PutRequest other_bucket = resuming(token, source_from_string(std::string(2 * part, 'x')));
    other_bucket.bucket = "other";
    CHECK(code_of(client.put(other_bucket)) == ErrorCode::invalid_argument);
    CHECK(server.connections() == 0);
}

TEST_CASE("a source of another size than the token's fails the upload, which stays", "[wire][resume]") {
    const std::string token = token_of_begun(2 * part);
    const ScriptedServer server({conversation({no_parts, no_content, no_content})});
    CHECK(code_of(client_on(server).put(
              resuming(token, source_from_callback({.read = [](std::span<std::byte>, const Wake&) {
                           return Result<IoStep>(IoStep{});
                       }})))) == ErrorCode::source_failed);
    for (const std::string& line : lines_of(server)) {
        CHECK_FALSE(line.starts_with("DELETE"));
    }
}

TEST_CASE("a part under way is sent to its end when the source fails", "[wire][resume]") {
    const std::string one(part, 'x');
    const ScriptedServer server(
        {Script{ExpectRequest{}, Send{begun}, ExpectRequest{}, Pause{std::chrono::milliseconds(200)},
                Send{part_stored(one)}, ExpectRequest{}, Send{no_content}, ExpectRequest{}, Send{gone}}});
    // So that the source is read, and fails, while the first part travels.
    S3Client client = client_on(server, 2);
    S3PutRequest request = put_of(failing_source(one + 'x', 7));
    std::string token;
    request.on_resume_token = [&](const std::string& given) -> Result<void> {
        token = given;
        return {};
    };
    CHECK(code_of(client.put(std::move(request))) == ErrorCode::source_failed);
    S3AbortUploadRequest abort;
    abort.resume_token = token;
    CHECK(client.abort_upload(abort).ok());
    CHECK(lines_of(server) ==
          std::vector<std::string>{
              "POST /bucket/key?uploads= HTTP/1.1", "PUT /bucket/key?partNumber=1&uploadId=upload-1 HTTP/1.1",
              "DELETE /bucket/key?uploadId=upload-1 HTTP/1.1", "GET /bucket/key?uploadId=upload-1 HTTP/1.1"});
    // A request that is broken off ends its connection.
    CHECK(server.connections() == 1);
}

TEST_CASE("a resumed upload that fails stays", "[wire][resume]") {
    const std::string token = token_of_begun(std::nullopt);
    const std::string refusal = answer("403 Forbidden", "", error_body("AccessDenied"));
    for (const std::vector<std::string>& answers :
         {std::vector<std::string>{refusal}, {no_parts, refusal}, {no_parts, part_stored("x"), refusal}}) {
        const ScriptedServer server({conversation(answers)});
        CHECK(code_of(client_on(server).put(resuming(token, source_from_string("x")))) ==
              ErrorCode::permission_denied);
        CHECK(lines_of(server).size() == answers.size());
        CHECK(server.connections() == 1);
    }
}

TEST_CASE("an upload whose token could not be kept is aborted", "[wire][resume]") {
    const ScriptedServer server({conversation({begun, no_content, gone})});
    S3PutRequest request = put_of(source_from_string(std::string(part + 1, 'x')));
    request.on_resume_token = [](const std::string&) -> Result<void> {
        ErrorDetails details;
        details.caller_code = 12;
        return Error(ErrorCode::io, "no room for the token", details);
    };
    const auto result = client_on(server).put(std::move(request));
    REQUIRE_FALSE(result.ok());
    CHECK(result.error().code() == ErrorCode::io);
    CHECK(result.error().details().caller_code == 12);
    REQUIRE(lines_of(server).size() == 3);
    CHECK(lines_of(server)[1] == "DELETE /bucket/key?uploadId=upload-1 HTTP/1.1");
}

TEST_CASE("what goes in one PUT has no token", "[wire][resume]") {
    const ScriptedServer server({conversation({part_stored("small")})});
    S3PutRequest request = put_of(source_from_string("small"));
    bool called = false;
    request.on_resume_token = [&](const std::string&) -> Result<void> {
        called = true;
        return {};
    };
    REQUIRE(client_on(server).put(request).ok());
    CHECK_FALSE(called);
}

TEST_CASE("a token is given up", "[wire][resume]") {
    const std::string refused = answer("403 Forbidden", "", error_body("AccessDenied"));
    const std::string expired = answer("400 Bad Request", "", error_body("RequestExpired"));
    const std::string one_left = parts_listing(listed(1, "x"));
    struct Case {
        std::vector<std::string> answers;
        ErrorCode code;
    };
    const std::vector<Case> cases = {
        {{gone}, ErrorCode::ok},
        {{no_content, gone}, ErrorCode::ok},
        {{no_content, no_parts}, ErrorCode::ok},
        {{no_content, refused}, ErrorCode::ok},
        {{no_content, one_left, no_content, gone}, ErrorCode::ok},
        {{no_content, one_left, no_content, one_left, no_content, one_left}, ErrorCode::conflict},
        {{no_content, expired}, ErrorCode::unauthenticated},
        {{refused}, ErrorCode::permission_denied},
    };
    for (const auto& [answers, code] : cases) {
        const ScriptedServer server({conversation(answers)});
        S3AbortUploadRequest request;
        request.resume_token = token_of_begun(std::nullopt);
        CHECK(code_of(client_on(server).abort_upload(request)) == code);
        CHECK(lines_of(server).size() == answers.size());
        CHECK(lines_of(server).front() == "DELETE /bucket/key?uploadId=upload-1 HTTP/1.1");
    }
}

TEST_CASE("what is no token is refused before anything is sent", "[wire][resume]") {
    const ScriptedServer untouched;
    S3AbortUploadRequest request;
    request.resume_token = "no token";
    CHECK(code_of(client_on(untouched).abort_upload(request)) == ErrorCode::invalid_argument);
    CHECK(untouched.connections() == 0);
}
