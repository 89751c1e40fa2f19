/// Answers that are not what they seem: redirects, errors under status 200, hostile XML.

#include <catch2/catch.hpp>

#include "filestore/s3_client.h"
#include "wire/s3_client.h"

using namespace filestore;
using namespace filestore::test;

namespace {

std::string listing(const std::string& content) {
    return "<?xml version=\"1.0\" encoding=\"UTF-8\"?>"
           "<ListBucketResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Name>bucket</Name>" +
           content + "</ListBucketResult>";
}

const std::string one_file =
    listing("<IsTruncated>false</IsTruncated><Contents><Key>" + std::string(id_text) +
            "</Key><LastModified>2026-01-31T11:00:00.000Z</LastModified><Size>3</Size></Contents>");

Result<ListPage> listed(const std::string& bytes) {
    const ScriptedServer server({{ExpectRequest{}, Send{bytes}}});
    return open_on(server)->list({});
}

}  // namespace

TEST_CASE("a listing", "[wire]") {
    const auto page = listed(answer("200 OK", "", one_file));
    REQUIRE(page.ok());
    REQUIRE(page->files.size() == 1);
    CHECK(page->files.front().id == some_id());
    CHECK(page->files.front().size == 3);
    CHECK_FALSE(page->next);
}

TEST_CASE("a listing cut at any byte is never a success", "[wire]") {
    const std::string head = "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n";
    for (const bool announced : {true, false}) {
        const std::string whole = announced ? answer("200 OK", "", one_file) : head + one_file;
        std::vector<Script> scripts;
        for (std::size_t cut = 0; cut < whole.size(); ++cut) {
            scripts.push_back({ExpectRequest{}, Send{whole.substr(0, cut)}});
        }
        const ScriptedServer server(std::move(scripts));
        const auto backend = open_on(server);
        for (std::size_t cut = 0; cut < whole.size(); ++cut) {
            INFO(cut);
            const auto page = backend->list({});
            REQUIRE_FALSE(page.ok());
            CHECK((page.error().code() == ErrorCode::unavailable ||
                   (!announced && page.error().code() == ErrorCode::corrupt)));
        }
    }
}

TEST_CASE("listings that are none", "[wire]") {
    const std::string bodies[] = {
        "",
        "not XML",
        "<html><body>Welcome to the hotel's network</body></html>",
        "<!DOCTYPE x [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;&a;&a;&a;&a;\"><!ENTITY c "
        "\"&b;&b;&b;&b;&b;&b;&b;&b;\">]>" +
            listing("<IsTruncated>false</IsTruncated><Prefix>&c;</Prefix>"),
        "<!DOCTYPE x SYSTEM \"file:///etc/passwd\">" + one_file,
        listing("<IsTruncated>true</IsTruncated>"),
        one_file + "trailing",
    };
    for (const std::string& body : bodies) {
        INFO(body.substr(0, 60));
        const auto page = listed(answer("200 OK", "", body));
        REQUIRE_FALSE(page.ok());
        CHECK(page.error().code() == ErrorCode::corrupt);
    }
}

TEST_CASE("keys that are not ours are left out, keys outside the prefix are refused", "[wire]") {
    const std::string other = listing(
        "<IsTruncated>false</IsTruncated><Contents><Key>readme.txt</Key>"
        "<LastModified>2026-01-31T11:00:00.000Z</LastModified><Size>3</Size></Contents>");
    const auto page = listed(answer("200 OK", "", other));
    REQUIRE(page.ok());
    CHECK(page->files.empty());

    const ScriptedServer server({conversation({answer("200 OK", "", other)})});
    S3Options options = options_for(server);
    options.key_prefix = "files/";
    const auto outside = open_s3_backend(options).value()->list({});
    REQUIRE_FALSE(outside.ok());
    CHECK(outside.error().code() == ErrorCode::corrupt);
}

TEST_CASE("redirects are not followed, and no credential goes elsewhere", "[wire]") {
    const ScriptedServer elsewhere({conversation({answer("200 OK", "", one_file)})});
    const std::string location = "Location: " + elsewhere.endpoint() + "/bucket\r\n";
    for (const char* status : {"301 Moved Permanently", "302 Found", "303 See Other",
                               "307 Temporary Redirect", "308 Permanent Redirect"}) {
        INFO(status);
        const std::string redirect = answer(status, location, error_body("PermanentRedirect"));
        const ScriptedServer server({conversation({redirect, redirect, redirect})});
        const auto backend = open_on(server);
        CHECK_FALSE(backend->list({}).ok());
        CHECK_FALSE(backend->upload(upload_of("hello")).ok());
        CHECK_FALSE(backend->download(download_to(std::make_shared<BufferSink>())).ok());
        CHECK(server.requests().size() == 3);
    }
    CHECK(elsewhere.connections() == 0);
}

TEST_CASE("what cannot be told is never no", "[wire]") {
    const auto exists = [](const std::vector<std::string>& answers) {
        const ScriptedServer server({conversation(answers)});
        return open_on(server)->exists({some_id(), {}});
    };
    const std::string missing = "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n";
    const std::string found = "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n" + std::string(date_line) + "\r\n";
    const std::string denied = "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n";
    const std::string broken = "HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n";
    CHECK(exists({found}).value());
    const auto missing_because = [](std::string_view server_code) {
        return answer("404 Not Found", "", error_body(server_code));
    };
    CHECK_FALSE(exists({missing, missing_because("NoSuchKey")}).value());
    CHECK_FALSE(exists({missing, answer("206 Partial Content", "", "x")}).value());
    CHECK_FALSE(exists({missing, answer("416 Range Not Satisfiable", "", "")}).value());
    CHECK(exists({missing, missing_because("NoSuchBucket")}).error().code() == ErrorCode::configuration);
    CHECK(exists({missing, missing_because("XAdminUserNotFound")}).error().code() ==
          ErrorCode::unauthenticated);
    CHECK(exists({missing, missing_because("NobodyKnowsIt")}).error().code() == ErrorCode::configuration);
    CHECK(exists({missing, missing}).error().code() == ErrorCode::configuration);
    CHECK(exists({missing, denied}).error().code() == ErrorCode::permission_denied);
    CHECK_FALSE(exists({missing, broken}).ok());
    CHECK_FALSE(exists({missing}).ok());
    CHECK(exists({denied}).error().code() == ErrorCode::permission_denied);
    CHECK_FALSE(exists({broken}).ok());
    CHECK_FALSE(exists({"garbage\r\n\r\n"}).ok());
    CHECK_FALSE(exists({"HTTP/1.1 301 Moved\r\nContent-Length: 0\r\n\r\n"}).ok());
}

TEST_CASE("a HEAD answer that lacks what it must have is damaged", "[wire]") {
    for (const char* head :
         {"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n",
          "HTTP/1.1 200 OK\r\nLast-Modified: Sat, 31 Jan 2026 11:00:00 GMT\r\n\r\n",
          "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nLast-Modified: yesterday\r\n\r\n",
          "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nLast-Modified: Sat, 31 Jan 2026 11:00:00 GMT\r\n"
          "x-amz-meta-filestore: ew==\r\n\r\n"}) {
        INFO(head);
        const ScriptedServer server({{ExpectRequest{}, Send{head}}});
        const auto info = open_on(server)->metadata({some_id(), {}});
        REQUIRE_FALSE(info.ok());
        CHECK(info.error().code() == ErrorCode::corrupt);
    }
}

TEST_CASE("a damaged answer is told with what was asked", "[wire]") {
    const char* const head =
        "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nETag: \"e\"\r\nLast-Modified: yesterday\r\n\r\n";
    const ScriptedServer server({conversation({head, answer("200 OK", "", "<ListBucketResult>")})});
    S3ClientOptions options = options_for(server);
    options.max_connections = 1;
    S3Client client = S3Client::open(options).value();
    S3ObjectRequest request;
    request.bucket = "bucket";
    request.key = "key";
    const auto object = client.head(request);
    REQUIRE_FALSE(object.ok());
    CHECK(object.error().code() == ErrorCode::corrupt);
    CHECK_THAT(std::string(object.error().message()),
               Catch::StartsWith("HEAD 'key' in bucket 'bucket' at " + server.endpoint() + ": ") &&
                   Catch::Contains("'yesterday'"));
    S3ListRequest list;
    list.bucket = "bucket";
    const auto page = client.list(list);
    REQUIRE_FALSE(page.ok());
    CHECK_THAT(std::string(page.error().message()),
               Catch::StartsWith("GET in bucket 'bucket' at " + server.endpoint() + ": "));
}

TEST_CASE("an answer of success whose body is an error is none", "[wire]") {
    const std::string failed = answer("200 OK", "", error_body("InternalError"));
    const ScriptedServer server({conversation({failed, failed})});
    const auto backend = open_on(server);
    const auto receipt = backend->upload(upload_of("hello"));
    REQUIRE_FALSE(receipt.ok());
    CHECK(receipt.error().code() == ErrorCode::unavailable);
    CHECK(receipt.error().details().server_code == "InternalError");
    CHECK(backend->list({}).error().code() == ErrorCode::unavailable);
}

TEST_CASE("an answer with an endless header line is refused", "[wire]") {
    const auto refused = listed("HTTP/1.1 200 OK\r\nx-long: " + std::string(400'000, 'y') + "\r\n\r\n");
    REQUIRE_FALSE(refused.ok());
    CHECK(refused.error().code() == ErrorCode::corrupt);
}

TEST_CASE("an answer with endless headers is refused", "[wire]") {
    std::string bytes = "HTTP/1.1 200 OK\r\n";
    for (int i = 0; i < 5000; ++i) {
        bytes += "x-" + std::to_string(i) + ": y\r\n";
    }
    CHECK_FALSE(listed(bytes + "Content-Length: 0\r\n\r\n").ok());
}
