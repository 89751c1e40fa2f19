/// Presigned URLs and forms of keys that end.

#include <catch2/catch.hpp>

#include "filestore/s3_client.h"
#include "support/code_of.h"
#include "wire/environment_variable.h"
#include "wire/s3_client.h"

using namespace filestore;
using namespace filestore::test;
using namespace std::chrono_literals;

namespace {

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

    [[nodiscard]] Result<S3PresignedPost> presign_post(std::chrono::seconds expires) {
        S3PresignPostRequest request;
        request.bucket = "bucket";
        request.key = "key";
        request.expires = expires;
        return client_.presign_post(request);
    }

private:
    static S3Client open(const ScriptedServer& server) {
        S3ClientOptions options = options_for(server);
        options.credentials = {};
        options.credentials.allowed = {false, false, false, true, false};
        return S3Client::open(std::move(options)).value();
    }

    static std::string keys() {
        return answer("200 OK", "",
                      R"({"AccessKeyId":"key","SecretAccessKey":"secret","Token":"token",)"
                      R"("Expiration":"2026-01-31T12:20:00Z"})");
    }

    ScriptedServer agent_{{conversation({keys()})}};
    EnvironmentVariable where_{"AWS_CONTAINER_CREDENTIALS_FULL_URI", agent_.endpoint().c_str()};
    S3Client client_ = open(agent_);
};

}  // namespace

TEST_CASE("a presigned URL ends with its keys, and says so", "[wire][presign]") {
    Temporary temporary;
    const auto whole = temporary.presign(10min);
    REQUIRE(whole.ok());
    CHECK(whole->expires_at == FixedClock().now() + 10min);
    CHECK_THAT(whole->url,
               Catch::Contains("X-Amz-Expires=600&") && Catch::Contains("X-Amz-Security-Token=token"));

    const auto cut = temporary.presign(1h);
    REQUIRE(cut.ok());
    CHECK(cut->expires_at == FixedClock().now() + 20min);
    CHECK_THAT(cut->url, Catch::Contains("X-Amz-Expires=1200&"));
}

TEST_CASE("a presigned URL that would end too early is refused where that is asked for", "[wire][presign]") {
    Temporary temporary;
    CHECK(code_of(temporary.presign(1h, false)) == ErrorCode::unauthenticated);
    CHECK(temporary.presign(20min, false).ok());
}

TEST_CASE("a presigned form ends with its keys, and says so", "[wire][presign]") {
    Temporary temporary;
    const auto form = temporary.presign_post(1h);
    REQUIRE(form.ok());
    CHECK(form->expires_at == FixedClock().now() + 20min);
}
