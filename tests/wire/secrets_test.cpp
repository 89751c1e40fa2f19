/// No message holds a key, a token or a signature, whatever fails.

#include <catch2/catch.hpp>

#include "wire/s3_client.h"

using namespace filestore;
using namespace filestore::test;

namespace {

/// Checks the error of every call that this one server makes fail in the same way.
void check_calls(const Script& script, const std::string& what) {
    INFO(what);
    const ScriptedServer server(std::vector<Script>(40, script));
    S3Options options = options_for(server);
    options.credentials.session_token = session_token;
    options.first_byte_timeout = std::chrono::milliseconds(100);
    options.stall_timeout = std::chrono::milliseconds(100);
    const auto backend = open_s3_backend(options).value();

    std::vector<Error> errors;
    const auto keep = [&](const auto& result) {
        REQUIRE_FALSE(result.ok());
        errors.push_back(result.error());
    };
    keep(backend->upload(upload_of("hello")));
    keep(backend->download(download_to(std::make_shared<BufferSink>())));
    keep(backend->remove({some_id(), {}}));
    keep(backend->exists({some_id(), {}}));
    keep(backend->metadata({some_id(), {}}));
    keep(backend->list({}));

    std::vector<std::string> secrets = {std::string(access_key), std::string(secret_key),
                                        std::string(session_token)};
    for (const HeardRequest& request : server.requests()) {
        const std::string authorization = request.header("authorization");
        const auto signature = authorization.rfind("Signature=");
        if (signature != std::string::npos) {
            secrets.push_back(authorization.substr(signature + 10));
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
    check_calls({ExpectRequest{}, Send{answer("403 Forbidden", "Connection: close\r\n", echo)}}, "echo");
}
