/// Presigned URLs and forms of keys that end.

#include <algorithm>
#include <catch2/catch.hpp>

#include "core/encoding.h"
#include "filestore/s3_client.h"
#include "support/code_of.h"
#include "support/settable_clock.h"
#include "wire/environment_variable.h"
#include "wire/s3_client.h"

using namespace filestore;
using namespace filestore::test;
using namespace std::chrono_literals;

namespace {

const std::string keys_of_20_minutes =
    answer("200 OK", "",
           R"({"AccessKeyId":"key","SecretAccessKey":"secret","Token":"token",)"
           R"("Expiration":"2026-01-31T12:20:00Z"})");

/// A client whose keys end 20 minutes after the time that its clock tells.
class Temporary {
public:
    [[nodiscard]] Result<PresignedUrl> presign(std::chrono::seconds expires,
                                               bool allow_earlier_expiry = true) {
        S3PresignRequest request;
        request.bucket = "bucket";
        request.key = "key";
        request.expires = expires;
        request.allow_earlier_expiry = allow_earlier_expiry;
        return client_.presign(request);
    }

    /// The server finds the client's clock wrong: its own time is this.
    void learn_time(const std::string& date) {
        server_.add(conversation(
            {answer("403 Forbidden", "Date: " + date + "\r\n", error_body("RequestTimeTooSkewed")),
             answer("204 No Content", "", "")}));
        S3ObjectRequest request;
        request.bucket = "bucket";
        request.key = "key";
        REQUIRE(client_.remove(request).ok());
    }

    [[nodiscard]] Result<S3PresignedPost> presign_post(std::chrono::seconds expires,
                                                       bool allow_earlier_expiry = true) {
        S3PresignPostRequest request;
        request.bucket = "bucket";
        request.key = "key";
        request.expires = expires;
        request.allow_earlier_expiry = allow_earlier_expiry;
        return client_.presign_post(request);
    }

private:
    static S3Client open(const ScriptedServer& server) {
        S3ClientOptions options = options_for(server);
        options.credentials = {};
        options.credentials.allowed = {false, false, false, true, false};
        return S3Client::open(std::move(options)).value();
    }

    ScriptedServer agent_{{conversation({keys_of_20_minutes, keys_of_20_minutes})}};
    ScriptedServer server_;
    EnvironmentVariable where_{"AWS_CONTAINER_CREDENTIALS_FULL_URI", agent_.endpoint().c_str()};
    S3Client client_ = open(server_);
};

}  // namespace

TEST_CASE("a presigned URL ends with its keys, and says so", "[wire][presign]") {
    Temporary temporary;
    const auto whole = temporary.presign(10min);
    REQUIRE(whole.ok());
    CHECK(whole->expires_at == FixedClock().now() + 10min);
    CHECK_FALSE(whole->ends_early);
    CHECK_THAT(whole->url,
               Catch::Contains("X-Amz-Expires=600&") && Catch::Contains("X-Amz-Security-Token=token"));

    const auto cut = temporary.presign(1h);
    REQUIRE(cut.ok());
    CHECK(cut->expires_at == FixedClock().now() + 20min);
    CHECK(cut->ends_early);
    CHECK_THAT(cut->url, Catch::Contains("X-Amz-Expires=1200&"));
}

TEST_CASE("a presigned URL that would end too early is refused where that is asked for", "[wire][presign]") {
    Temporary temporary;
    CHECK(code_of(temporary.presign(1h, false)) == ErrorCode::unauthenticated);
    CHECK(temporary.presign(20min, false).ok());
}

TEST_CASE("a store refuses a URL that would end too early where that is asked for", "[wire][presign]") {
    const ScriptedServer agent({conversation({keys_of_20_minutes, keys_of_20_minutes})});
    const EnvironmentVariable where("AWS_CONTAINER_CREDENTIALS_FULL_URI", agent.endpoint().c_str());
    const ScriptedServer server;
    S3Options options = options_for(server);
    options.credentials = {};
    options.credentials.allowed = {false, false, false, true, false};
    const auto backend = open_s3_backend(std::move(options)).value();
    PresignRequest request;
    request.id = some_id();
    request.expires = 1h;
    const auto cut = backend->presign(request);
    REQUIRE(cut.ok());
    CHECK(cut->ends_early);
    CHECK(cut->expires_at == FixedClock().now() + 20min);
    request.allow_earlier_expiry = false;
    CHECK(code_of(backend->presign(request)) == ErrorCode::unauthenticated);
}

TEST_CASE("a type is signed for what is put, and nothing else", "[wire][presign]") {
    const ScriptedServer server;
    S3Client client = S3Client::open(options_for(server)).value();
    S3PresignRequest request;
    request.bucket = "bucket";
    request.key = "key";
    request.content_type = "text/plain";
    for (const PresignMethod method : {PresignMethod::get, PresignMethod::head, PresignMethod::remove}) {
        request.method = method;
        CHECK(code_of(client.presign(request)) == ErrorCode::invalid_argument);
    }
    request.method = PresignMethod::put;
    CHECK_THAT(client.presign(request).value().url,
               Catch::EndsWith("X-Amz-SignedHeaders=content-type%3Bhost"));
    for (const char* type :
         {"text/plain\r\nx-amz-acl: public-read", "text/plain\n", " text/plain", "t\x7f"}) {
        request.content_type = type;
        CHECK(code_of(client.presign(request)) == ErrorCode::invalid_argument);
    }
}

TEST_CASE("whether keys cut a URL is told by the server's time", "[wire][presign]") {
    Temporary temporary;
    SECTION("they end earlier by it") {
        temporary.learn_time("Sat, 31 Jan 2026 12:10:00 GMT");
        CHECK(code_of(temporary.presign(20min, false)) == ErrorCode::unauthenticated);
        CHECK(temporary.presign(10min, false).ok());
    }
    SECTION("they end later by it") {
        temporary.learn_time("Sat, 31 Jan 2026 11:50:00 GMT");
        CHECK(temporary.presign(30min, false).ok());
        CHECK(code_of(temporary.presign(31min, false)) == ErrorCode::unauthenticated);
    }
}

TEST_CASE("a presigned form ends with its keys, and says so", "[wire][presign]") {
    Temporary temporary;
    const auto form = temporary.presign_post(1h);
    REQUIRE(form.ok());
    CHECK(form->expires_at == FixedClock().now() + 20min);
}

TEST_CASE("a presigned form that would end too early is refused where that is asked for", "[wire][presign]") {
    Temporary temporary;
    CHECK(code_of(temporary.presign_post(1h, false)) == ErrorCode::unauthenticated);
    CHECK(temporary.presign_post(20min, false).ok());
}

TEST_CASE("a form for a key that no object can have is refused", "[wire][presign]") {
    const ScriptedServer server;
    S3Client client = S3Client::open(options_for(server)).value();
    S3PresignPostRequest request;
    request.bucket = "bucket";
    CHECK(code_of(client.presign_post(request)) == ErrorCode::invalid_argument);
    request.key = std::string(1025, 'k');
    CHECK(code_of(client.presign_post(request)) == ErrorCode::invalid_argument);
    request.key.clear();
    request.key_is_prefix = true;
    CHECK(client.presign_post(request).ok());
}

TEST_CASE("a form with one bound has another that every server can read", "[wire][presign][form]") {
    const ScriptedServer server;
    S3Client client = S3Client::open(options_for(server)).value();
    const auto policy = [&](std::uint64_t least, std::uint64_t most) {
        S3PresignPostRequest request;
        request.bucket = "bucket";
        request.key = "key";
        request.min_size = least;
        request.max_size = most;
        const auto fields = client.presign_post(request).value().fields;
        const auto field = std::find_if(fields.begin(), fields.end(),
                                        [](const S3Field& each) { return each.name == "policy"; });
        REQUIRE(field != fields.end());
        return from_base64(field->value).value();
    };
    // 5 TiB, the size of the largest object.
    CHECK(policy(3, UINT64_MAX).find(R"(["content-length-range",3,5497558138880])") != std::string::npos);
    CHECK(policy(0, 10).find(R"(["content-length-range",0,10])") != std::string::npos);
    CHECK(policy(0, UINT64_MAX).find("content-length-range") == std::string::npos);
}

TEST_CASE("a signature ends whole seconds after the second in which it was made", "[wire][presign]") {
    const ScriptedServer server;
    S3ClientOptions options = options_for(server);
    options.clock = std::make_shared<SettableClock>(FixedClock().now() + 900ms);
    S3Client client = S3Client::open(options).value();
    S3PresignRequest url;
    url.bucket = "bucket";
    url.key = "key";
    url.expires = 1h;
    CHECK(client.presign(url).value().expires_at == FixedClock().now() + 1h);
    S3PresignPostRequest form;
    form.bucket = "bucket";
    form.key = "key";
    form.expires = 1h;
    CHECK(client.presign_post(form).value().expires_at == FixedClock().now() + 1h);
}
