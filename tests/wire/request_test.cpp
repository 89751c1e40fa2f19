/// The exact bytes that the S3 backend sends.

#include <catch2/catch.hpp>

#include "support/code_of.h"
#include "support/random_bytes.h"
#include "support/test_streams.h"
#include "wire/s3_client.h"

using namespace filestore;
using namespace filestore::test;

namespace {

const std::string stored = answer("200 OK", "ETag: \"x\"\r\n", "");
const std::string empty_listing = answer(
    "200 OK", "", "<ListBucketResult><Name>bucket</Name><IsTruncated>false</IsTruncated></ListBucketResult>");

HeardRequest only_request(const ScriptedServer& server) {
    const auto requests = server.requests();
    REQUIRE(requests.size() == 1);
    return requests.front();
}

}  // namespace

TEST_CASE("a small upload is one PUT with a signed body and nothing superfluous", "[wire]") {
    const ScriptedServer server({conversation({stored})});
    UploadRequest request = upload_of("hello");
    request.content_type = "text/plain";
    REQUIRE(request.metadata.set("colour", "blue").ok());
    REQUIRE(open_on(server)->upload(std::move(request)).ok());

    const HeardRequest heard = only_request(server);
    CHECK(heard.line() == "PUT /bucket/" + std::string(id_text) + " HTTP/1.1");
    CHECK(heard.header("Host") == "127.0.0.1:" + std::to_string(server.port()));
    CHECK(heard.header("Content-Length") == "5");
    CHECK(heard.header("Content-Type") == "text/plain");
    CHECK(heard.header("x-amz-meta-colour") == "blue");
    CHECK(heard.header("x-amz-date") == "20260131T120000Z");
    CHECK(heard.header("x-amz-content-sha256") ==
          "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824");
    CHECK(heard.header("Authorization")
              .starts_with("AWS4-HMAC-SHA256 Credential=AKIACANARYKEY/20260131/us-east-1/s3/aws4_request, "
                           "SignedHeaders=content-type;host;x-amz-content-sha256;x-amz-date;x-amz-meta-"
                           "colour;x-amz-meta-filestore, Signature="));
    for (const char* name :
         {"Expect", "Transfer-Encoding", "x-amz-security-token", "If-None-Match", "User-Agent"}) {
        INFO(name);
        CHECK(heard.header(name) == "(none)");
    }
    CHECK(heard.body == "hello");
}

TEST_CASE("the same request at the same time is the same bytes", "[wire]") {
    const ScriptedServer server({conversation({stored, stored})});
    const auto backend = open_on(server);
    REQUIRE(backend->upload(upload_of("hello")).ok());
    REQUIRE(backend->upload(upload_of("hello")).ok());
    const auto requests = server.requests();
    REQUIRE(requests.size() == 2);
    CHECK(requests[0].head == requests[1].head);
}

TEST_CASE("an empty upload says so", "[wire]") {
    const ScriptedServer server({conversation({stored})});
    REQUIRE(open_on(server)->upload(upload_of("")).ok());
    CHECK(only_request(server).header("Content-Length") == "0");
}

TEST_CASE("an upload of unknown length has a Content-Length all the same", "[wire]") {
    const std::string content = random_bytes(2'000'000);
    const ScriptedServer server({conversation({stored})});
    REQUIRE(open_on(server)->upload(upload_of(std::make_shared<HesitantSource>(content, 300'000))).ok());
    const HeardRequest heard = only_request(server);
    CHECK(heard.header("Content-Length") == "2000000");
    CHECK(heard.header("Transfer-Encoding") == "(none)");
    CHECK(heard.body == content);
}

TEST_CASE("the server is asked first only for more than 1 MiB", "[wire]") {
    constexpr std::size_t limit = std::size_t{1} << 20U;
    for (const auto& [size, expect] : {std::pair(limit, "(none)"), std::pair(limit + 1, "100-continue")}) {
        const std::string content = random_bytes(size);
        const ScriptedServer server(
            {{ExpectHead{}, Send{"HTTP/1.1 100 Continue\r\n\r\n"}, ExpectBody{size}, Send{stored}}});
        REQUIRE(open_on(server)->upload(upload_of(content)).ok());
        const HeardRequest heard = only_request(server);
        CHECK(heard.header("Expect") == expect);
        CHECK(heard.body == content);
    }
}

TEST_CASE("the payload is unsigned where that is asked for", "[wire]") {
    const ScriptedServer server({conversation({stored})});
    S3Options options = options_for(server);
    options.payload_signing = S3PayloadSigning::unsigned_payload;
    REQUIRE(open_s3_backend(options).value()->upload(upload_of("hello")).ok());
    CHECK(only_request(server).header("x-amz-content-sha256") == "UNSIGNED-PAYLOAD");
}

TEST_CASE("a session token is sent and signed", "[wire]") {
    const ScriptedServer server({conversation({stored})});
    S3Options options = options_for(server);
    options.credentials.session_token = session_token;
    REQUIRE(open_s3_backend(options).value()->upload(upload_of("hello")).ok());
    const HeardRequest heard = only_request(server);
    CHECK(heard.header("x-amz-security-token") == session_token);
    CHECK(heard.header("Authorization").find(";x-amz-security-token,") != std::string::npos);
}

TEST_CASE("create_only is a condition of the PUT", "[wire]") {
    const ScriptedServer server(
        {conversation({answer("412 Precondition Failed", "", error_body("PreconditionFailed"))})});
    UploadRequest request = upload_of("hello");
    request.create_only = true;
    CHECK(open_on(server)->upload(std::move(request)).error().code() == ErrorCode::already_exists);
    CHECK(only_request(server).header("If-None-Match") == "*");
}

TEST_CASE("if_version is a condition of the PUT, and fails alike where there is nothing to replace",
          "[wire]") {
    const std::string refusal =
        GENERATE(answer("412 Precondition Failed", "", error_body("PreconditionFailed")),
                 answer("404 Not Found", "", error_body("NoSuchKey")));
    const ScriptedServer server({conversation({refusal})});
    UploadRequest request = upload_of("hello");
    request.if_version = "0123456789abcdef";
    CHECK(open_on(server)->upload(std::move(request)).error().code() == ErrorCode::precondition_failed);
    CHECK(only_request(server).header("If-Match") == "\"0123456789abcdef\"");
}

TEST_CASE("the request lines of the other calls", "[wire]") {
    const std::string object = "/bucket/" + std::string(id_text);
    const std::string found = answer("200 OK", date_line, "");
    const ScriptedServer server(
        {conversation({answer("204 No Content", "", ""), empty_listing, empty_listing, found}),
         conversation({found})});
    const auto backend = open_on(server);
    CHECK(backend->remove({some_id(), {}}).ok());
    CHECK(backend->list({}).ok());
    CHECK(backend->list({std::string(id_text), 7, {}}).ok());
    CHECK(backend->exists({some_id(), {}}).ok());
    const auto requests = server.requests();
    REQUIRE(requests.size() == 4);
    CHECK(requests[0].line() == "DELETE " + object + " HTTP/1.1");
    CHECK(requests[0].header("Content-Length") == "(none)");
    CHECK(requests[1].line() == "GET /bucket?encoding-type=url&list-type=2&max-keys=1000 HTTP/1.1");
    CHECK(requests[2].line() == "GET /bucket?encoding-type=url&list-type=2&max-keys=7&start-after=" +
                                    std::string(id_text) + " HTTP/1.1");
    CHECK(requests[3].line() == "HEAD " + object + " HTTP/1.1");
    for (const HeardRequest& request : requests) {
        CHECK(request.header("Authorization").starts_with("AWS4-HMAC-SHA256 "));
        CHECK(request.header("Expect") == "(none)");
    }
}

TEST_CASE("a range is asked for by its first and last byte", "[wire]") {
    const ScriptedServer server(
        {conversation({answer("206 Partial Content", "Content-Range: bytes 2-4/10\r\n", "234"),
                       answer("206 Partial Content", "Content-Range: bytes 8-9/10\r\n", "89")})});
    const auto backend = open_on(server);
    for (const auto& [range, sent, content] :
         {std::tuple(ByteRange{2, 3}, "bytes=2-4", "234"), std::tuple(ByteRange{8, {}}, "bytes=8-", "89")}) {
        const auto sink = std::make_shared<BufferSink>();
        DownloadRequest request = download_to(sink);
        request.range = range;
        const auto receipt = backend->download(std::move(request));
        REQUIRE(receipt.ok());
        CHECK(receipt->file_size == 10);
        CHECK(sink->bytes() == content);
        CHECK(server.requests().back().header("Range") == sent);
        CHECK(server.requests().back().header("Authorization").find(";range;") != std::string::npos);
    }
}

TEST_CASE("keys are encoded once, and a dot segment stays", "[wire]") {
    const ScriptedServer server({conversation({stored})});
    S3Options options = options_for(server);
    options.key_prefix = "a b/\xC3\xBC+%/../~x/";
    REQUIRE(open_s3_backend(options).value()->upload(upload_of("hello")).ok());
    CHECK(only_request(server).line() ==
          "PUT /bucket/a%20b/%C3%BC%2B%25/../~x/" + std::string(id_text) + " HTTP/1.1");
}

TEST_CASE("an endpoint's own path is kept", "[wire]") {
    const ScriptedServer server({conversation({stored})});
    S3Options options = options_for(server);
    options.endpoint += "/storage/v1/s3/";
    REQUIRE(open_s3_backend(options).value()->upload(upload_of("hello")).ok());
    CHECK(only_request(server).line() == "PUT /storage/v1/s3/bucket/" + std::string(id_text) + " HTTP/1.1");
}

TEST_CASE("a presigned URL is made without a connection", "[wire]") {
    const ScriptedServer server;
    const auto backend = open_on(server);
    const auto url = backend->presign({some_id(), PresignMethod::get, std::chrono::seconds(900), true, {}});
    REQUIRE(url.ok());
    INFO(url->url);
    CHECK(url->url.starts_with(server.endpoint() + "/bucket/" + std::string(id_text) +
                               "?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIACANARYKEY%2F20260131%"
                               "2Fus-east-1%2Fs3%2Faws4_request"
                               "&X-Amz-Date=20260131T120000Z&X-Amz-Expires=900&X-Amz-Signature="));
    CHECK(url->url.ends_with("&X-Amz-SignedHeaders=host"));
    CHECK(url->expires_at == FixedClock().now() + std::chrono::seconds(900));
    CHECK(server.connections() == 0);
}

TEST_CASE("line breaks reach no header", "[wire]") {
    const ScriptedServer server;
    const auto backend = open_on(server);
    UploadRequest typed = upload_of("hello");
    typed.content_type = "text/plain\r\nx-amz-acl: public-read";
    CHECK(backend->upload(std::move(typed)).error().code() == ErrorCode::invalid_argument);

    S3Options broken = options_for(server);
    broken.credentials.session_token = "a\r\nb";
    CHECK(code_of(open_s3_backend(broken)) == ErrorCode::invalid_argument);
    CHECK(server.connections() == 0);
}

TEST_CASE("metadata with line breaks travels encoded", "[wire]") {
    const ScriptedServer server({conversation({stored})});
    UploadRequest request = upload_of("hello");
    request.original_path = "a\r\nx-amz-acl: public-read";
    REQUIRE(request.metadata.set("note", "one\r\ntwo: three").ok());
    REQUIRE(request.metadata.set("x\r\ny", "z").ok());
    REQUIRE(open_on(server)->upload(std::move(request)).ok());
    const HeardRequest heard = only_request(server);
    CHECK(heard.header("x-amz-acl") == "(none)");
    CHECK(heard.header("two") == "(none)");
    CHECK(heard.header("x-amz-meta-filestore") != "(none)");
    CHECK(heard.header("x-amz-meta-note") == "(none)");
}
