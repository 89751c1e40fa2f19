#include "s3/credentials/key_json.h"

#include <catch2/catch.hpp>

using namespace filestore;
using namespace filestore::s3;

namespace {

/// The keys in words; the code's name where it fails, whose message must hold no canary.
std::string said(const Result<ResolvedCredentials>& result) {
    if (!result.ok()) {
        CHECK(result.error().message().find("canary") == std::string_view::npos);
        return std::string(to_string(result.error().code()));
    }
    const Credentials& keys = result->keys;
    return keys.access_key + "|" + std::string(keys.secret_key) + "|" + std::string(keys.session_token) +
           "|" + (result->expires_at ? format_timestamp(*result->expires_at) : "");
}

}  // namespace

TEST_CASE("the answer of a metadata endpoint is read", "[s3][credentials]") {
    CHECK(said(parse_metadata_keys(
              R"({"Code": "Success", "LastUpdated": "x", "Type": "AWS-HMAC", "AccessKeyId": "k",
        "SecretAccessKey": "s\/\u002b", "Token": "t", "Expiration": "2026-01-31T12:00:00Z", "More": [1, {"Token": "no"}]})")) ==
          "k|s/+|t|2026-01-31T12:00:00.000000Z");
    CHECK(said(parse_metadata_keys(R"({"AccessKeyId": "k", "SecretAccessKey": "s", "Token": null})")) ==
          "k|s||");
    CHECK(said(parse_metadata_keys(R"({"Code": "AssumeRoleUnauthorizedAccess", "Message": "canary"})")) ==
          "unauthenticated");
}

TEST_CASE("the output of a credential_process is read", "[s3][credentials]") {
    CHECK(said(parse_process_keys(
              R"({"Version": 1, "AccessKeyId": "k", "SecretAccessKey": "s", "SessionToken": "t",
        "Expiration": "2026-01-31T13:00:00+01:00"})")) == "k|s|t|2026-01-31T12:00:00.000000Z");
    CHECK(said(parse_process_keys(R"({"Version": 1, "AccessKeyId": "k", "SecretAccessKey": "s"})")) ==
          "k|s||");
    for (const char* json : {R"({"AccessKeyId": "k", "SecretAccessKey": "canary"})",
                             R"({"Version": 2, "AccessKeyId": "k", "SecretAccessKey": "canary"})",
                             R"({"Version": "1", "AccessKeyId": "k", "SecretAccessKey": "canary"})",
                             R"({"In": {"Version": 1}, "AccessKeyId": "k", "SecretAccessKey": "canary"})"}) {
        INFO(json);
        CHECK(said(parse_process_keys(json)) == "corrupt");
    }
}

TEST_CASE("keys that are none are refused", "[s3][credentials]") {
    const std::string whole = R"({"AccessKeyId": "k", "SecretAccessKey": "canary", "Token": "t"})";
    for (std::size_t size = 0; size < whole.size(); ++size) {
        INFO(size);
        CHECK(said(parse_metadata_keys(whole.substr(0, size))) == "corrupt");
    }
    CHECK(said(parse_metadata_keys(whole + std::string(1, '\0'))) == "corrupt");
    CHECK(said(parse_metadata_keys(whole + "x")) == "corrupt");
    CHECK(said(parse_metadata_keys("[" + whole + "]")) == "corrupt");
    CHECK(said(parse_metadata_keys(R"("canary")")) == "corrupt");
    CHECK(said(parse_metadata_keys("<html>canary</html>")) == "corrupt");
    CHECK(said(parse_metadata_keys(std::string(60'000, '['))) == "corrupt");
    CHECK(said(parse_metadata_keys(R"({"AccessKeyId": "k", "SecretAccessKey": 5})")) == "corrupt");
    CHECK(said(parse_metadata_keys(R"({"AccessKeyId": "", "SecretAccessKey": "canary"})")) == "corrupt");
    CHECK(said(parse_metadata_keys(
              R"({"AccessKeyId": "k", "SecretAccessKey": "canary", "Expiration": "soon"})")) == "corrupt");
    CHECK(said(parse_metadata_keys(R"({"AccessKeyId": "k", "SecretAccessKey": "canary\r\nx: y"})")) ==
          "unauthenticated");
    CHECK(said(parse_metadata_keys("{\"AccessKeyId\": \"k\xFF\", \"SecretAccessKey\": \"canary\"}")) ==
          "corrupt");
}
