#include "s3/credentials/profile_plan.h"

#include <catch2/catch.hpp>
#include <vector>

using namespace filestore;
using namespace filestore::s3;

namespace {

std::string role_text(const RoleRequest& role) {
    return role.role_arn + "(" + role.session_name + "," + role.external_id + "," +
           std::to_string(role.duration.count()) + ")";
}

struct BaseText {
    std::string operator()(const Credentials& keys) const {
        return "keys " + keys.access_key + " " + std::string(keys.secret_key) + " " +
               std::string(keys.session_token);
    }
    std::string operator()(const ProcessCommand& command) const { return "process " + command.line; }
    std::string operator()(const WebIdentity& identity) const {
        return "identity " + identity.token_file + " " + role_text(identity.role);
    }
    std::string operator()(CredentialSource source) const {
        return source == CredentialSource::environment         ? "environment"
               : source == CredentialSource::instance_metadata ? "instance metadata"
                                                               : "container";
    }
};

/// What the plan says, in words; the code and the message where there is none.
std::string planned(const std::string& file, std::string_view name = "a") {
    const auto profiles = parse_profile_file(file, ProfileFileKind::credentials);
    REQUIRE(profiles.ok());
    const auto plan = plan_of_profile(*profiles, name);
    if (!plan.ok()) {
        return std::string(to_string(plan.error().code())) + ": " + std::string(plan.error().message());
    }
    std::string said = std::visit(BaseText(), plan->base);
    for (const RoleRequest& role : plan->roles) {
        said += " > " + role_text(role);
    }
    return said;
}

const std::string keys = "aws_access_key_id = k\naws_secret_access_key = s\n";

}  // namespace

TEST_CASE("a profile's keys", "[s3][credentials]") {
    CHECK(planned("[a]\n" + keys) == "keys k s ");
    CHECK(planned("[a]\naws_session_token = t\n" + keys) == "keys k s t");
    CHECK(planned("[a]\ncredential_process = give keys\n") == "process give keys");
    CHECK(planned("[a]\ncredential_process = give\n" + keys) == "keys k s ");
}

TEST_CASE("a profile's role", "[s3][credentials]") {
    CHECK(planned("[a]\nrole_arn = R\nsource_profile = b\n[b]\n" + keys) == "keys k s  > R(,,3600)");
    CHECK(planned("[a]\nrole_arn = R\nsource_profile = b\nexternal_id = E\nrole_session_name = N\n"
                  "duration_seconds = 900\n[b]\n" +
                  keys) == "keys k s  > R(N,E,900)");
    CHECK(planned("[a]\nrole_arn = R\nsource_profile = a\n" + keys) == "keys k s  > R(,,3600)");
    CHECK(planned("[a]\nrole_arn = R\nsource_profile = b\n[b]\nrole_arn = S\nsource_profile = c\n[c]\n" +
                  keys) == "keys k s  > S(,,3600) > R(,,3600)");
    CHECK(planned("[a]\nrole_arn = R\nsource_profile = b\n[b]\ncredential_process = p\n") ==
          "process p > R(,,3600)");
    CHECK(planned("[a]\nrole_arn = R\ncredential_source = Environment\n") == "environment > R(,,3600)");
    CHECK(planned("[a]\nrole_arn = R\ncredential_source = EcsContainer\n") == "container > R(,,3600)");
    CHECK(planned("[a]\nrole_arn = R\ncredential_source = Ec2InstanceMetadata\n") ==
          "instance metadata > R(,,3600)");
    CHECK(planned("[a]\nrole_arn = R\nweb_identity_token_file = /t\nrole_session_name = N\n") ==
          "identity /t R(N,,3600)");
    CHECK(
        planned("[a]\nrole_arn = R\nsource_profile = b\n[b]\nrole_arn = S\nweb_identity_token_file = /t\n") ==
        "identity /t S(,,3600) > R(,,3600)");
}

TEST_CASE("profiles that say nothing", "[s3][credentials]") {
    CHECK(planned("") == "not_found: there is no profile 'a'");
    CHECK(planned("[a]\nregion = r\n") == "not_found: profile 'a' says nothing about keys");
}

TEST_CASE("mistakes in a profile", "[s3][credentials]") {
    const auto is_mistake = [](const std::string& file, std::string_view part) {
        const std::string said = planned(file);
        INFO(said);
        return said.starts_with("configuration: ") && said.find(part) != std::string::npos &&
               said.find("canary") == std::string::npos;
    };
    CHECK(is_mistake("[a]\naws_access_key_id = canary\n", "aws_secret_access_key"));
    CHECK(is_mistake("[a]\naws_secret_access_key = canary\n", "aws_access_key_id"));
    CHECK(is_mistake("[a]\nrole_arn = R\n", "source_profile"));
    CHECK(is_mistake("[a]\nrole_arn = R\nsource_profile = b\ncredential_source = Environment\n", "either"));
    CHECK(is_mistake("[a]\nrole_arn = R\nsource_profile = b\n", "there is no profile 'b'"));
    CHECK(is_mistake("[a]\nrole_arn = R\nsource_profile = b\n[b]\nregion = r\n", "'b' says nothing"));
    CHECK(is_mistake("[a]\nrole_arn = R\nsource_profile = b\n[b]\nrole_arn = S\nsource_profile = a\n",
                     "circle"));
    CHECK(is_mistake("[a]\nrole_arn = R\ncredential_source = Elsewhere\n", "credential_source"));
    CHECK(is_mistake("[a]\nrole_arn = R\nmfa_serial = M\nsource_profile = b\n", "mfa_serial"));
    CHECK(is_mistake("[a]\nrole_arn = R\nduration_seconds = 1h\nsource_profile = b\n", "duration_seconds"));
    CHECK(is_mistake("[a]\nrole_arn = R\nduration_seconds = 99999999999\nsource_profile = b\n", "duration"));
    CHECK(is_mistake("[a]\nsso_session = s\n", "SSO"));
    CHECK(planned("[a]\naws_access_key_id = k\naws_secret_access_key = can ary\n")
              .starts_with("unauthenticated: "));
}
