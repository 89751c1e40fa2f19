#include "s3/credentials/credentials.h"

#include <catch2/catch.hpp>
#include <cstdlib>
#include <optional>
#include <string>
#include <utility>
#include <vector>

using filestore::ErrorCode;
using filestore::S3Options;
using filestore::s3::find_credentials;

namespace {

/// Sets the three variables for the time of a test; empty ones are not there.
class Environment {
public:
    Environment(const std::string& access_key, const std::string& secret_key, const std::string& token = {}) {
        set("AWS_ACCESS_KEY_ID", access_key);
        set("AWS_SECRET_ACCESS_KEY", secret_key);
        set("AWS_SESSION_TOKEN", token);
    }
    Environment(const Environment&) = delete;
    Environment& operator=(const Environment&) = delete;
    ~Environment() {
        for (const auto& [name, value] : before_) {
            put(name, value);
        }
    }

private:
    void set(const char* name, const std::string& value) {
        const char* before = std::getenv(name);
        before_.emplace_back(name, before == nullptr ? std::nullopt : std::optional<std::string>(before));
        put(name, value.empty() ? std::nullopt : std::optional(value));
    }
    static void put(const char* name, const std::optional<std::string>& value) {
        if (value) {
            setenv(name, value->c_str(), 1);
        } else {
            unsetenv(name);
        }
    }

    std::vector<std::pair<const char*, std::optional<std::string>>> before_;
};

S3Options options_with(std::string access_key, std::string secret_key, std::string token = {}) {
    S3Options options;
    options.access_key = std::move(access_key);
    options.secret_key = std::move(secret_key);
    options.session_token = std::move(token);
    return options;
}

/// Answers the message.
std::string check_unauthenticated(const S3Options& options) {
    const auto credentials = find_credentials(options);
    REQUIRE_FALSE(credentials.ok());
    CHECK(credentials.error().code() == ErrorCode::unauthenticated);
    const std::string message(credentials.error().message());
    CHECK(message.find("canary") == std::string::npos);
    return message;
}

bool contains(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("the keys of the options are taken before the environment's", "[s3][credentials]") {
    const Environment environment("env-access", "env-secret", "env-token");
    const auto permanent = find_credentials(options_with("access", "secret"));
    REQUIRE(permanent.ok());
    CHECK(permanent->access_key == "access");
    CHECK(permanent->secret_key == "secret");
    CHECK(permanent->session_token.empty());

    const auto temporary = find_credentials(options_with("access", "secret", "token"));
    REQUIRE(temporary.ok());
    CHECK(temporary->session_token == "token");
}

TEST_CASE("the environment is asked when the options have no keys", "[s3][credentials]") {
    {
        const Environment environment("env-access", "env-secret", "env-token");
        const auto credentials = find_credentials({});
        REQUIRE(credentials.ok());
        CHECK(credentials->access_key == "env-access");
        CHECK(credentials->secret_key == "env-secret");
        CHECK(credentials->session_token == "env-token");
    }
    const Environment environment("env-access", "env-secret");
    const auto credentials = find_credentials({});
    REQUIRE(credentials.ok());
    CHECK(credentials->session_token.empty());
}

TEST_CASE("half of the options' keys is a mistake, not a reason to ask the environment",
          "[s3][credentials]") {
    const Environment environment("env-access", "env-secret");
    CHECK(contains(check_unauthenticated(options_with("canary", "")), "secret key"));
    CHECK(contains(check_unauthenticated(options_with("", "canary")), "access key"));
    CHECK(contains(check_unauthenticated(options_with("", "", "canary")), "session token"));
}

TEST_CASE("missing credentials name what was looked at", "[s3][credentials]") {
    {
        const Environment environment("", "");
        const std::string message = check_unauthenticated({});
        CHECK(contains(message, "AWS_ACCESS_KEY_ID"));
        CHECK(contains(message, "AWS_SECRET_ACCESS_KEY"));
    }
    {
        const Environment environment("canary", "");
        const std::string message = check_unauthenticated({});
        CHECK(contains(message, "AWS_SECRET_ACCESS_KEY"));
        CHECK_FALSE(contains(message, "AWS_ACCESS_KEY_ID"));
    }
    const Environment environment("", "canary");
    CHECK(contains(check_unauthenticated({}), "AWS_ACCESS_KEY_ID"));
}

TEST_CASE("keys that would break a header are refused", "[s3][credentials]") {
    const Environment environment("", "");
    check_unauthenticated(options_with("canary\n", "secret"));
    check_unauthenticated(options_with("access", "canary\r\n"));
    check_unauthenticated(options_with("access", "secret", "canary\nx-amz-acl: public-read"));
    check_unauthenticated(options_with(" canary", "secret"));
    check_unauthenticated(options_with("can\xC3\xA4ry", "secret"));
    CHECK(find_credentials(options_with("access", "a/b+c=~!")).ok());
}
