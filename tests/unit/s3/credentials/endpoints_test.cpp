/// Where providers find their endpoints: in the environment.

#include <catch2/catch.hpp>

#include "s3/credentials/container.h"
#include "s3/credentials/environment.h"
#include "s3/credentials/instance_metadata.h"
#include "s3/credentials/sts_call.h"
#include "s3/credentials/web_identity.h"
#include "support/credentials.h"

using namespace filestore;
using namespace filestore::test;

namespace {

using Variables = std::map<std::string, std::string>;

std::string container_url(Variables variables) {
    const auto endpoint = s3::container_endpoint(environment_of(std::move(variables)));
    return endpoint.ok() ? endpoint->url : std::string(to_string(endpoint.error().code()));
}

std::string metadata_url(const std::string& given, Variables variables = {}) {
    const auto endpoint = s3::instance_metadata_endpoint(given, environment_of(std::move(variables)));
    return endpoint.ok() ? *endpoint : std::string(to_string(endpoint.error().code()));
}

std::string sts_url(const std::string& given, const std::string& region, Variables variables = {}) {
    s3::ProviderContext context;
    context.environment = environment_of(std::move(variables));
    context.region = region;
    const s3::StsPlace place = s3::sts_place(context, given);
    return place.endpoint + " " + place.region;
}

}  // namespace

TEST_CASE("the agent of a container is found", "[s3][credentials]") {
    CHECK(container_url({}) == "not_found");
    CHECK(container_url({{"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "/v2/x?y"}}) ==
          "http://169.254.170.2/v2/x?y");
    CHECK(container_url({{"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "@evil.example/"}}) == "configuration");
    CHECK(container_url({{"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", ".evil.example/"}}) == "configuration");
    CHECK(container_url({{"AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://169.254.170.23/v1/credentials"}}) ==
          "http://169.254.170.23/v1/credentials");
    CHECK(container_url({{"AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://evil.example/"}}) == "configuration");
    CHECK(container_url({{"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "/a"},
                         {"AWS_CONTAINER_CREDENTIALS_FULL_URI", "https://b.example/"}}) ==
          "http://169.254.170.2/a");
}

TEST_CASE("the instance metadata service is found", "[s3][credentials]") {
    CHECK(metadata_url("") == "http://169.254.169.254");
    CHECK(metadata_url("", {{"AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE", "IPv6"}}) == "http://[fd00:ec2::254]");
    CHECK(metadata_url("", {{"AWS_EC2_METADATA_SERVICE_ENDPOINT", "http://127.0.0.1:1338/"}}) ==
          "http://127.0.0.1:1338");
    CHECK(metadata_url("http://127.0.0.1:1", {{"AWS_EC2_METADATA_SERVICE_ENDPOINT", "http://127.0.0.1:2"}}) ==
          "http://127.0.0.1:1");
    CHECK(metadata_url("", {{"AWS_EC2_METADATA_SERVICE_ENDPOINT", "127.0.0.1"}}) == "configuration");
    CHECK(metadata_url("http://127.0.0.1:1", {{"AWS_EC2_METADATA_DISABLED", "true"}}) == "not_found");
    CHECK(metadata_url("", {{"AWS_EC2_METADATA_DISABLED", "false"}}) == "http://169.254.169.254");
}

TEST_CASE("the STS is found", "[s3][credentials]") {
    CHECK(sts_url("", "eu-west-1") == "https://sts.eu-west-1.amazonaws.com eu-west-1");
    CHECK(sts_url("", "cn-north-1") == "https://sts.cn-north-1.amazonaws.com.cn cn-north-1");
    CHECK(sts_url("", "auto", {{"AWS_REGION", "us-west-2"}, {"AWS_DEFAULT_REGION", "us-west-1"}}) ==
          "https://sts.us-west-2.amazonaws.com us-west-2");
    CHECK(sts_url("", "auto", {{"AWS_DEFAULT_REGION", "us-west-1"}}) ==
          "https://sts.us-west-1.amazonaws.com us-west-1");
    CHECK(sts_url("", "r", {{"AWS_ENDPOINT_URL_STS", "http://sts"}}) == "http://sts r");
    CHECK(sts_url("http://given", "r", {{"AWS_ENDPOINT_URL_STS", "http://sts"}}) == "http://given r");
}

TEST_CASE("the identity of a web identity is found", "[s3][credentials]") {
    const auto identity =
        s3::web_identity_of_environment(environment_of({{"AWS_WEB_IDENTITY_TOKEN_FILE", "/token"},
                                                        {"AWS_ROLE_ARN", "arn"},
                                                        {"AWS_ROLE_SESSION_NAME", "name"}}));
    REQUIRE(identity.ok());
    CHECK(identity->token_file == "/token");
    CHECK(identity->role.role_arn == "arn");
    CHECK(identity->role.session_name == "name");
    CHECK(s3::web_identity_of_environment(environment_of({{"AWS_ROLE_ARN", "arn"}})).error().code() ==
          ErrorCode::not_found);
    CHECK(s3::web_identity_of_environment(environment_of({{"AWS_WEB_IDENTITY_TOKEN_FILE", "/token"}}))
              .error()
              .code() == ErrorCode::configuration);
}
