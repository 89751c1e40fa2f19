#include "s3/credentials/profile_file.h"

#include <catch2/catch.hpp>
#include <vector>

using namespace filestore;
using namespace filestore::s3;

namespace {

/// `name: property=value property=value; name: ...`, sorted; the message where it fails.
std::string parsed(std::string_view text, ProfileFileKind kind) {
    const auto profiles = parse_profile_file(text, kind);
    if (!profiles.ok()) {
        return std::string(profiles.error().message());
    }
    std::string said;
    for (const auto& [name, profile] : *profiles) {
        said += (said.empty() ? "" : "; ") + name + ":";
        for (const auto& [property, value] : profile) {
            said.append(" ").append(property).append("=").append(value);
        }
    }
    return said;
}

struct Case {
    std::string_view text;
    std::string_view parsed;
};

}  // namespace

TEST_CASE("a credentials file is read", "[s3][credentials]") {
    const std::vector<Case> cases{
        {"", ""},
        {"[default]\naws_access_key_id = a\naws_secret_access_key=b\n",
         "default: aws_access_key_id=a aws_secret_access_key=b"},
        {"[default]\r\nname = value\r\n", "default: name=value"},
        {"\xEF\xBB\xBF[default]\nname = value", "default: name=value"},
        {"# comment\n; comment\n\n[a]\n# comment\nname = value\n  # comment\n", "a: name=value"},
        {"[ a ]  # comment\nNAME = value", "a: name=value"},
        {"[a]\nname = v#1;2 # comment", "a: name=v#1;2"},
        {"[a]\nname = value ; comment", "a: name=value"},
        {"[a]\nname = # comment", "a: name="},
        {"[a]\nname = x=y==", "a: name=x=y=="},
        {"[a]\nname =", "a: name="},
        {"[a]\none = 1\n[b]\ntwo = 2\n[a]\none = 3\nthree = 3", "a: one=3 three=3; b: two=2"},
        {"[a]\ns3 =\n  max_concurrent_requests = 20\n  name = nested\nname = value", "a: name=value s3="},
        {"[a]\n  one = 1\n  two = 2\n\tthree = 3", "a: one=1 three=3 two=2"},
        {"[a]\n  s3 =\n    nested = 1\n  name = value\n[b]\n name = value",
         "a: name=value s3=; b: name=value"},
        {"[a]\nname: value=1\nrole=arn:aws:iam", "a: name=value=1 role=arn:aws:iam"},
        {"[profile a]\nname = value", "profile a: name=value"},
        {"[a b]\nname = value", "a b: name=value"},
        {"[\"a b\"]\nname = value", "a b: name=value"},
    };
    for (const Case& each : cases) {
        INFO(each.text);
        CHECK(parsed(each.text, ProfileFileKind::credentials) == each.parsed);
    }
}

TEST_CASE("a config file is read", "[s3][credentials]") {
    const std::vector<Case> cases{
        {"[profile a]\nname = value", "a: name=value"},
        {"[profile\ta]\nname = value", "a: name=value"},
        {"[profile \"a b\"]\nname = value", "a b: name=value"},
        {"[profile 'a b']\nname = value", "a b: name=value"},
        {"[default]\nname = value", "default: name=value"},
        {"[profile default]\nname = value", "default: name=value"},
        {"[a]\nname = value\n[profile b]\nname = other", "b: name=other"},
        {"[sso-session x]\nsso_region = y\n[services z]\ns3 =\n  endpoint_url = u\n[default]\na = b",
         "default: a=b"},
        {"[profiles]\nname = value", ""},
    };
    for (const Case& each : cases) {
        INFO(each.text);
        CHECK(parsed(each.text, ProfileFileKind::config) == each.parsed);
    }
}

TEST_CASE("a line that is none of the format is named by its number alone", "[s3][credentials]") {
    const std::vector<Case> cases{
        {"canary = value\n", "line 1"},
        {"\n\n[a\ncanary = b\n", "line 3"},
        {"[a]\nname = value\ncanary\n", "line 3"},
        {"[a]\n= canary\n", "line 2"},
        {"[a] canary\n", "line 1"},
        {"[a]\n  canary\n", "line 2"},
        {"  canary = nested in nothing\n", "line 1"},
    };
    for (const Case& each : cases) {
        INFO(each.text);
        const auto profiles = parse_profile_file(each.text, ProfileFileKind::credentials);
        REQUIRE_FALSE(profiles.ok());
        CHECK(profiles.error().code() == ErrorCode::configuration);
        const std::string message(profiles.error().message());
        CHECK(message.starts_with(std::string(each.parsed) + " is"));
        CHECK(message.find("canary") == std::string::npos);
    }
}

TEST_CASE("the credentials file goes before the config file, property by property", "[s3][credentials]") {
    Profiles config{{"a", {{"region", "r"}, {"key", "config"}}}, {"b", {{"key", "config"}}}};
    const Profiles credentials{{"a", {{"key", "credentials"}}}, {"c", {{"key", "credentials"}}}};
    const Profiles merged = merged_profiles(std::move(config), credentials);
    CHECK(merged.at("a").at("region") == "r");
    CHECK(merged.at("a").at("key") == "credentials");
    CHECK(merged.at("b").at("key") == "config");
    CHECK(merged.at("c").at("key") == "credentials");
}
