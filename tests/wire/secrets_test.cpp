/// No message holds a key, a token or a signature, whatever fails.

#include <catch2/catch.hpp>

#include "filestore/s3_client.h"
#include "wire/s3_client.h"

using namespace filestore;
using namespace filestore::test;

namespace {

/// A HEAD that is refused is followed by a GET that asks for the reason.
constexpr std::size_t requests_of_all_calls = 8;

S3Options options_with_token(const ScriptedServer& server) {
    S3Options options = options_for(server);
    options.credentials.session_token = session_token;
    options.first_byte_timeout = std::chrono::milliseconds(100);
    options.stall_timeout = std::chrono::milliseconds(100);
    return options;
}

/// Of one call of each kind, all of which must fail.
std::vector<Error> errors_of(StorageBackend& backend) {
    std::vector<Error> errors;
    const auto keep = [&](const auto& result) {
        REQUIRE_FALSE(result.ok());
        errors.push_back(result.error());
    };
    keep(backend.upload(upload_of("hello")));
    keep(backend.download(download_to(std::make_shared<BufferSink>())));
    keep(backend.remove({some_id(), {}}));
    keep(backend.exists({some_id(), {}}));
    keep(backend.metadata({some_id(), {}}));
    keep(backend.list({}));
    return errors;
}

std::string signature_of(const HeardRequest& request) {
    const std::string authorization = request.header("authorization");
    const auto place = authorization.rfind("Signature=");
    return place == std::string::npos ? "" : authorization.substr(place + 10);
}

void check_errors(const std::vector<Error>& errors, const std::vector<HeardRequest>& requests) {
    std::vector<std::string> secrets = {std::string(access_key), std::string(secret_key),
                                        std::string(session_token)};
    for (const HeardRequest& request : requests) {
        if (const std::string signature = signature_of(request); !signature.empty()) {
            secrets.push_back(signature);
        }
    }
    for (const Error& error : errors) {
        for (const std::string& secret : secrets) {
            CHECK(error.message().find(secret) == std::string_view::npos);
            CHECK(error.details().server_code.find(secret) == std::string::npos);
            CHECK(error.details().request_id.find(secret) == std::string::npos);
        }
        CHECK(error.message().find('\n') == std::string_view::npos);
        CHECK(error.message().find("AWS4-HMAC") == std::string_view::npos);
    }
}

/// Checks the error of every call that this one server makes fail in the same way.
void check_calls(const Script& script, const std::string& what) {
    INFO(what);
    const ScriptedServer server(std::vector<Script>(40, script));
    const auto backend = open_s3_backend(options_with_token(server)).value();
    check_errors(errors_of(*backend), server.requests());
}

Script refusal(const std::string& body) {
    return {ExpectRequest{}, Send{answer("403 Forbidden", "Connection: close\r\n", body)}};
}

std::string element(const std::string& name, std::string_view text) {
    return "<" + name + ">" + std::string(text) + "</" + name + ">";
}

}  // namespace

TEST_CASE("no message holds a secret", "[wire]") {
    for (const char* status :
         {"301 Moved", "400 Bad Request", "401 Unauthorized", "403 Forbidden", "409 Conflict",
          "429 Too Many Requests", "500 Internal Server Error", "503 Service Unavailable"}) {
        check_calls({ExpectRequest{}, Send{answer(status, "Connection: close\r\n", error_body("SomeCode"))}},
                    status);
    }
    check_calls({}, "closed at once");
    check_calls({Reset{}}, "reset at once");
    check_calls({Stall{}}, "stalled");
    check_calls({ExpectRequest{}, Send{"garbage"}}, "garbage");
    check_calls({ExpectRequest{}, Send{"HTTP/1.1 200 OK\r\nContent-Len"}}, "cut");
}

TEST_CASE("a server that repeats the request's secrets does not get them into messages", "[wire]") {
    const std::string echo =
        "<Error><Code>SignatureDoesNotMatch</Code><Message>No match</Message><AWSAccessKeyId>" +
        std::string(access_key) + "</AWSAccessKeyId><SignatureProvided>" + std::string(64, 'f') +
        "</SignatureProvided></Error>";
    check_calls(refusal(echo), "beside the message");
    for (const std::string_view secret : {access_key, secret_key, session_token}) {
        const std::string of_all = "<Error>" + element("Code", "X" + std::string(secret)) +
                                   element("Message", "not with " + std::string(secret)) +
                                   element("RequestId", secret) + "</Error>";
        check_calls(refusal(of_all), "in all texts");
    }
}

TEST_CASE("a server that repeats a secret in a header does not get it into messages", "[wire]") {
    for (const std::string_view secret : {access_key, secret_key, session_token}) {
        const std::string text(secret);
        check_calls({ExpectRequest{}, Send{"HTTP/1.1 200 OK\r\nContent-Length: " + text + "\r\n\r\n"}},
                    "a length");
        check_calls({ExpectRequest{}, Send{answer("200 OK", "ETag: \"e\"\r\nETag: " + text + "\r\n", "")}},
                    "two headers");
        const ScriptedServer server(
            {conversation({"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nETag: \"e\"\r\n"
                           "Last-Modified: " +
                           text + "\r\n\r\n"})});
        const auto backend = open_s3_backend(options_with_token(server)).value();
        const auto found = backend->metadata({some_id(), {}});
        REQUIRE_FALSE(found.ok());
        check_errors({found.error()}, server.requests());
    }
}

TEST_CASE("a server that repeats a secret in a document that it spoils does not get it into messages",
          "[wire]") {
    const std::string listing =
        "<ListBucketResult><EncodingType>url</EncodingType><IsTruncated>false"
        "</IsTruncated><Contents><Key>%zz" +
        std::string(session_token) +
        "</Key><Size>1</Size><LastModified>2026-01-31T11:00:00.000Z</LastModified>"
        "</Contents></ListBucketResult>";
    const ScriptedServer server({conversation({answer("200 OK", "", listing)})});
    S3Client client = S3Client::open(options_with_token(server)).value();
    S3ListRequest request;
    request.bucket = "bucket";
    const auto listed = client.list(request);
    REQUIRE_FALSE(listed.ok());
    check_errors({listed.error()}, server.requests());
}

TEST_CASE("a server that repeats the request's signature does not get it into messages", "[wire]") {
    ScriptedServer server(std::vector<Script>(requests_of_all_calls, refusal(error_body("AccessDenied"))));
    const auto backend = open_s3_backend(options_with_token(server)).value();
    static_cast<void>(errors_of(*backend));
    const auto first = server.requests();
    REQUIRE(first.size() == requests_of_all_calls);
    // The clock stands: the same requests have the same signatures.
    for (const HeardRequest& request : first) {
        server.add(refusal("<Error>" + element("Code", "AccessDenied") +
                           element("Message", "Not " + signature_of(request)) + "</Error>"));
    }
    const auto errors = errors_of(*backend);
    check_errors(errors, server.requests());
    CHECK_THAT(std::string(errors.front().message()), Catch::Contains("'Not ***'"));
}

TEST_CASE("a server that repeats a secret for one object of a batch does not get it into the message",
          "[wire]") {
    const std::string answered = "<DeleteResult><Error><Key>key</Key>" + element("Code", "AccessDenied") +
                                 element("Message", "Not with " + std::string(session_token)) +
                                 "</Error></DeleteResult>";
    const ScriptedServer server({conversation({answer("200 OK", "", answered)})});
    S3Client client = S3Client::open(options_with_token(server)).value();
    S3RemoveBatchRequest request;
    request.bucket = "bucket";
    request.objects = {{"key", {}}};
    const auto removed = client.remove_batch(std::move(request));
    REQUIRE(removed.ok());
    REQUIRE_FALSE(removed->front().result.ok());
    CHECK_THAT(std::string(removed->front().result.error().message()), Catch::Contains("'Not with ***'"));
}
