/// Copies of objects that are too large for one request.

#include <catch2/catch.hpp>
#include <cstdint>

#include "filestore/s3_client.h"
#include "support/answers.h"
#include "support/code_of.h"
#include "wire/s3_client.h"

using namespace filestore;
using namespace filestore::test;
using namespace std::chrono_literals;

namespace {

constexpr std::uint64_t part = std::uint64_t{5} << 20U;

std::string document(const std::string& root, const std::string& inner) {
    return answer("200 OK", "", "<" + root + ">" + inner + "</" + root + ">");
}

/// The look at the source, which has two parts.
std::string source(const std::string& headers = "") {
    return "HTTP/1.1 200 OK\r\n" + std::string(date_line) + "ETag: \"e\"\r\n" + headers +
           "Content-Length: " + std::to_string(part + 1) + "\r\n\r\n";
}

const std::string tags = document("Tagging", "<TagSet><Tag><Key>team</Key><Value>a</Value></Tag></TagSet>");
const std::string begun = document("InitiateMultipartUploadResult", "<UploadId>u</UploadId>");
const std::string copied =
    document("CopyPartResult", "<LastModified>2026-01-31T11:00:00Z</LastModified><ETag>\"e\"</ETag>");
const std::string completed = document("CompleteMultipartUploadResult", "<ETag>\"e-2\"</ETag>");

S3Client open_client(const ScriptedServer& server) {
    S3ClientOptions options = options_for(server);
    options.parallel_parts = 1;
    options.max_connections = 1;
    return S3Client::open(std::move(options)).value();
}

S3CopyRequest request() {
    S3CopyRequest copy;
    copy.source_bucket = "bucket";
    copy.source_key = "source";
    copy.bucket = "bucket";
    copy.key = "key";
    copy.multipart_threshold = part;
    return copy;
}

Timestamp modified() {
    return parse_timestamp("2026-01-31T11:00:00Z").value();
}

}  // namespace

TEST_CASE("a copy in parts keeps the caller's conditions", "[wire][copy]") {
    struct Case {
        const char* name;
        S3Conditions conditions;
        bool holds;
    };
    const auto time = [](auto member, Timestamp value) {
        S3Conditions conditions;
        conditions.*member = value;
        return conditions;
    };
    S3Conditions match_before_time = time(&S3Conditions::if_unmodified_since, modified() - 1s);
    match_before_time.if_match = "\"e\"";
    const auto cases = std::to_array<Case>({
        {"its ETag", {.if_match = "\"e\""}, true},
        {"its ETag without quotes", {.if_match = "e"}, true},
        {"any ETag", {.if_match = "*"}, true},
        {"another ETag", {.if_match = "\"other\""}, false},
        {"not its ETag", {.if_none_match = "\"e\""}, false},
        {"not another ETag", {.if_none_match = "\"other\""}, true},
        {"unchanged since its time", time(&S3Conditions::if_unmodified_since, modified()), true},
        {"unchanged within its second", time(&S3Conditions::if_unmodified_since, modified() + 1ms), true},
        {"unchanged since before", time(&S3Conditions::if_unmodified_since, modified() - 1s), false},
        {"changed since before", time(&S3Conditions::if_modified_since, modified() - 1s), true},
        {"changed since its time", time(&S3Conditions::if_modified_since, modified()), false},
        {"an ETag goes before a time", match_before_time, true},
    });
    for (const Case& each : cases) {
        INFO(each.name);
        const ScriptedServer server({conversation({source(), begun, copied, copied, source(), completed})});
        S3CopyRequest copy = request();
        copy.source_conditions = each.conditions;
        const auto result = open_client(server).copy(std::move(copy));
        CHECK(result.ok() == each.holds);
        if (!each.holds) {
            CHECK(code_of(result) == ErrorCode::precondition_failed);
            CHECK(server.requests().size() == 1);
        }
        for (const HeardRequest& heard : server.requests()) {
            const bool is_part = heard.line().find("partNumber=") != std::string::npos;
            CHECK(heard.header("x-amz-copy-source-if-match") == (is_part ? "\"e\"" : "(none)"));
            CHECK(heard.header("x-amz-copy-source-if-unmodified-since") == "(none)");
        }
    }
}

TEST_CASE("a copy in parts with other metadata keeps the tags, as one in a single request does",
          "[wire][copy]") {
    const ScriptedServer server({conversation({source("x-amz-tagging-count: 1\r\nx-amz-meta-old: x\r\n"),
                                               tags, begun, copied, copied, source(), completed})});
    S3CopyRequest copy = request();
    copy.metadata = std::vector<S3Field>{{"new", "y"}};
    copy.content_type = "text/plain";
    REQUIRE(open_client(server).copy(std::move(copy)).ok());
    const HeardRequest creation = server.requests()[2];
    CHECK(creation.header("x-amz-tagging") == "team=a");
    CHECK(creation.header("x-amz-meta-new") == "y");
    CHECK(creation.header("x-amz-meta-old") == "(none)");
    CHECK(creation.header("content-type") == "text/plain");
}

TEST_CASE("a copy that is not encrypted as was asked for is told", "[wire][copy]") {
    S3CopyRequest copy = request();
    copy.encryption.kind = S3Encryption::Kind::s3;
    const std::string plain = answer("200 OK", "ETag: \"e\"\r\n", "");
    const std::string encrypted =
        answer("200 OK", "ETag: \"e\"\r\nx-amz-server-side-encryption: AES256\r\n", "");
    const std::string done = document("CopyObjectResult", "<ETag>\"e\"</ETag>");
    for (const std::string& looked_at : {plain, encrypted}) {
        const ErrorCode code = looked_at == plain ? ErrorCode::unsupported : ErrorCode::ok;
        copy.multipart_threshold = part + 1;
        const ScriptedServer at_once({conversation({source(), done, looked_at})});
        CHECK(code_of(open_client(at_once).copy(copy)) == code);
        copy.multipart_threshold = part;
        const ScriptedServer in_parts(
            {conversation({source(), begun, copied, copied, source(), completed, looked_at})});
        CHECK(code_of(open_client(in_parts).copy(copy)) == code);
        CHECK(in_parts.requests().at(6).line() == "HEAD /bucket/key HTTP/1.1");
    }
}

TEST_CASE("a copy in parts does not take the coding of an upload for one of the object", "[wire][copy]") {
    for (const auto& [kept, sent] :
         {std::pair("aws-chunked", "(none)"), std::pair("aws-chunked,gzip", "gzip")}) {
        const ScriptedServer server({conversation({source("Content-Encoding: " + std::string(kept) + "\r\n"),
                                                   begun, copied, copied, source(), completed})});
        REQUIRE(open_client(server).copy(request()).ok());
        CHECK(server.requests()[1].header("content-encoding") == sent);
    }
}

TEST_CASE("a copy in parts is of one object, whatever the server makes of conditions", "[wire][copy]") {
    const auto look = [](const std::string& etag, std::uint64_t size) {
        return "HTTP/1.1 200 OK\r\n" + std::string(date_line) + "ETag: " + etag +
               "\r\nContent-Length: " + std::to_string(size) + "\r\n\r\n";
    };
    const std::string removed = "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n";
    for (const std::string& second : {look("\"other\"", part + 1), look("\"e\"", part + 2), removed}) {
        const ScriptedServer server(
            {conversation({source(), begun, copied, copied, second, answer("204 No Content", "", ""),
                           answer("404 Not Found", "", error_body("NoSuchUpload"))})});
        CHECK(code_of(open_client(server).copy(request())) == ErrorCode::conflict);
        const auto requests = server.requests();
        REQUIRE(requests.size() == 7);
        CHECK(requests[4].line() == "HEAD /bucket/source HTTP/1.1");
        CHECK(requests[5].line() == "DELETE /bucket/key?uploadId=u HTTP/1.1");
    }
}

TEST_CASE("a copy in parts is of the version that was looked at where no condition can tell",
          "[wire][copy]") {
    struct Case {
        std::string version;
        std::string etag;
        std::string named;
    };
    const std::vector<Case> cases = {{"v1", "W/\"e\"", "/bucket/source?versionId=v1"},
                                     {"null", "W/\"e\"", "/bucket/source"},
                                     // The right to read an object is not the right to read its versions.
                                     {"v1", "\"e\"", "/bucket/source"}};
    for (const auto& [version, etag, named] : cases) {
        const std::string head = "HTTP/1.1 200 OK\r\n" + std::string(date_line) + "ETag: " + etag +
                                 "\r\nx-amz-version-id: " + version +
                                 "\r\nContent-Length: " + std::to_string(part + 1) + "\r\n\r\n";
        const ScriptedServer server({conversation({head, begun, copied, copied, head, completed})});
        REQUIRE(open_client(server).copy(request()).ok());
        const auto requests = server.requests();
        CHECK(requests[2].header("x-amz-copy-source") == named);
        CHECK(requests[3].header("x-amz-copy-source") == named);
        CHECK(requests[4].line() == "HEAD " + named + " HTTP/1.1");
    }
}

TEST_CASE("no part is copied on a condition that can never hold", "[wire][copy]") {
    const std::string head = "HTTP/1.1 200 OK\r\n" + std::string(date_line) +
                             "ETag: W/\"e\"\r\nContent-Length: " + std::to_string(part + 1) + "\r\n\r\n";
    const ScriptedServer server({conversation({head, begun, copied, copied, head, completed})});
    REQUIRE(open_client(server).copy(request()).ok());
    CHECK(server.requests()[2].header("x-amz-copy-source-if-match") == "(none)");
}

TEST_CASE("a copy in parts tells how far it is", "[wire][copy]") {
    const ScriptedServer server({conversation({source(), begun, copied, copied, source(), completed})});
    std::vector<Progress> reports;
    S3CopyRequest copy = request();
    copy.call.progress = [&](const Progress& progress) { reports.push_back(progress); };
    REQUIRE(open_client(server).copy(std::move(copy)).ok());
    REQUIRE(reports.size() >= 2);
    CHECK(reports.front().bytes_done == part);
    CHECK(reports.front().bytes_acknowledged == part);
    CHECK(reports.front().bytes_total == part + 1);
    CHECK(reports.back().bytes_done == part + 1);
}

TEST_CASE("no request copies more than 5 GiB", "[wire][copy]") {
    const ScriptedServer server;
    S3CopyRequest copy = request();
    copy.multipart_threshold = (std::uint64_t{5} << 30U) + 1;
    CHECK(code_of(open_client(server).copy(std::move(copy))) == ErrorCode::invalid_argument);
    CHECK(server.requests().empty());
}
