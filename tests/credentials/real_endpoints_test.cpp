/// Keys from real endpoints: the STS of moto and an instance metadata service.

#include <catch2/catch.hpp>
#include <cstdlib>
#include <fstream>
#include <stdexcept>

#include "s3/credentials/chain.h"
#include "s3/credentials/instance_metadata.h"
#include "support/credentials.h"
#include "support/files.h"
#include "support/temporary_directory.h"

using namespace filestore;
using namespace filestore::test;

namespace {

std::string required_variable(const char* name) {
    const char* const value = std::getenv(name);
    if (value == nullptr) {
        throw std::runtime_error(std::string(name) + " is not set");
    }
    return value;
}

std::string moto_endpoint() {
    constexpr std::string_view name = "FILESTORE_S3_ENDPOINT=";
    std::ifstream file(required_variable("FILESTORE_TEST_SERVERS") + "/moto.env");
    for (std::string line; std::getline(file, line);) {
        if (line.starts_with(name)) {
            return line.substr(name.size());
        }
    }
    throw std::runtime_error("moto is not running: start it by tests/servers/up moto");
}

std::string metadata_endpoint() {
    return required_variable("FILESTORE_TEST_METADATA_SERVICE");
}

constexpr const char* role_arn = "arn:aws:iam::123456789012:role/reader";

/// What a client gets with these options; a message where it gets nothing.
Result<s3::ResolvedCredentials> find(const S3Credentials& options,
                                     std::map<std::string, std::string> variables,
                                     std::shared_ptr<Clock> clock = system_clock()) {
    const auto context = context_with(std::move(variables), {}, std::move(clock));
    return keys_from(*s3::make_credentials_provider(options, context).value());
}

void check_role_keys(const Result<s3::ResolvedCredentials>& keys) {
    INFO(failure_of(keys));
    REQUIRE(keys.ok());
    CHECK(keys->keys.access_key.starts_with("ASIA"));
    CHECK_FALSE(keys->keys.secret_key.empty());
    CHECK_FALSE(keys->keys.session_token.empty());
    REQUIRE(keys->expires_at.has_value());
    CHECK(*keys->expires_at > system_clock()->now());
}

/// The moment before the keys of the mock end.
class MockClock final : public Clock {
public:
    [[nodiscard]] Timestamp now() const noexcept override {
        return Timestamp(std::chrono::sys_days(std::chrono::year(2020) / 4 / 1));
    }
};

}  // namespace

TEST_CASE("a real STS lets a role be assumed", "[credentials]") {
    S3Credentials options;
    options.access_key = "testaccess";
    options.secret_key = "testsecret1234";
    options.role.role_arn = role_arn;
    options.role.session_name = "filestore-test";
    options.role.duration = std::chrono::minutes(15);
    options.sts_endpoint = moto_endpoint();
    const auto keys = find(options, {});
    check_role_keys(keys);
    CHECK(*keys->expires_at <= system_clock()->now() + std::chrono::minutes(16));
}

TEST_CASE("a real STS takes a web identity", "[credentials]") {
    const TemporaryDirectory directory;
    write_file(directory.file("token"), "an.identity.token\n");
    check_role_keys(find({}, {{"AWS_WEB_IDENTITY_TOKEN_FILE", directory.file("token")},
                              {"AWS_ROLE_ARN", role_arn},
                              {"AWS_ENDPOINT_URL_STS", moto_endpoint()}}));
}

TEST_CASE("a real STS gives the role of a profile", "[credentials]") {
    const TemporaryDirectory directory;
    write_file(directory.file("config"), std::string("[profile work]\nrole_arn = ") + role_arn +
                                             "\nsource_profile = base\nduration_seconds = 900\n");
    write_file(directory.file("credentials"),
               "[base]\naws_access_key_id = testaccess\naws_secret_access_key = testsecret1234\n");
    check_role_keys(find({}, {{"AWS_CONFIG_FILE", directory.file("config")},
                              {"AWS_SHARED_CREDENTIALS_FILE", directory.file("credentials")},
                              {"AWS_PROFILE", "work"},
                              {"AWS_ENDPOINT_URL_STS", moto_endpoint()}}));
}

TEST_CASE("a real instance metadata service gives keys", "[credentials]") {
    const TemporaryDirectory home;
    const auto keys =
        find({}, {{"HOME", home.path()}, {"AWS_EC2_METADATA_SERVICE_ENDPOINT", metadata_endpoint()}},
             std::make_shared<MockClock>());
    INFO(failure_of(keys));
    REQUIRE(keys.ok());
    CHECK(keys->keys.access_key == "12345678901");
    CHECK(keys->keys.secret_key == "v/12345678901");
    CHECK_FALSE(keys->keys.session_token.empty());
    CHECK(format_timestamp(*keys->expires_at) == "2020-04-02T00:49:51.000000Z");
}

TEST_CASE("keys of a real instance metadata service that have ended are not used", "[credentials]") {
    S3Credentials options;
    options.instance_metadata_endpoint = metadata_endpoint();
    options.allowed = {.environment = false, .web_identity = false, .profile = false, .container = false};
    const auto keys = find(options, {});
    REQUIRE_FALSE(keys.ok());
    CHECK(failure_of(keys).find("2020-04-02T00:49:51") != std::string::npos);
}
