#include "s3/protocol/sts.h"

#include <catch2/catch.hpp>

using namespace filestore;
using namespace filestore::s3;

namespace {

std::string answer_with(const std::string& credentials, const std::string& action = "AssumeRole") {
    return "<?xml version=\"1.0\"?>\n<" + action +
           "Response xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\">\n <" + action +
           "Result>\n  <AssumedRoleUser><Arn>arn</Arn></AssumedRoleUser>\n  <Credentials>" + credentials +
           "</Credentials>\n </" + action + "Result>\n</" + action + "Response>";
}

const std::string whole =
    "<AccessKeyId>k</AccessKeyId><SecretAccessKey>canary</SecretAccessKey><SessionToken>canarytoken</"
    "SessionToken>"
    "<Expiration>2026-01-31T12:00:00Z</Expiration>";

std::string said(const std::string& xml) {
    const auto keys = parse_sts_keys(xml);
    if (!keys.ok()) {
        CHECK(keys.error().message().find("canary") == std::string_view::npos);
        return std::string(to_string(keys.error().code()));
    }
    return keys->keys.access_key + "|" + std::string(keys->keys.secret_key) + "|" +
           std::string(keys->keys.session_token) + "|" + format_timestamp(keys->expires_at);
}

std::string error_body(const std::string& code, const std::string& message) {
    return "<ErrorResponse "
           "xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><Error><Type>Sender</Type><Code>" +
           code + "</Code><Message>" + message + "</Message></Error><RequestId>r</RequestId></ErrorResponse>";
}

}  // namespace

TEST_CASE("the forms of STS requests", "[s3]") {
    RoleRequest role;
    role.role_arn = "arn:aws:iam::1:role/r";
    role.session_name = "n@m";
    role.duration = std::chrono::seconds(900);
    CHECK(assume_role_form(role) ==
          "Action=AssumeRole&DurationSeconds=900&RoleArn=arn%3Aaws%3Aiam%3A%3A1%3Arole%2Fr&RoleSessionName=n%"
          "40m"
          "&Version=2011-06-15");
    role.external_id = "e&f=g";
    role.policy = "{}";
    CHECK(assume_role_form(role) ==
          "Action=AssumeRole&DurationSeconds=900&ExternalId=e%26f%3Dg&Policy=%7B%7D"
          "&RoleArn=arn%3Aaws%3Aiam%3A%3A1%3Arole%2Fr&RoleSessionName=n%40m&Version=2011-06-15");
    CHECK(web_identity_form(role, "t.o+k") ==
          "Action=AssumeRoleWithWebIdentity&DurationSeconds=900&Policy=%7B%7D"
          "&RoleArn=arn%3Aaws%3Aiam%3A%3A1%3Arole%2Fr&RoleSessionName=n%40m&Version=2011-06-15"
          "&WebIdentityToken=t.o%2Bk");
}

TEST_CASE("the keys of an STS answer are read", "[s3]") {
    CHECK(said(answer_with(whole)) == "k|canary|canarytoken|2026-01-31T12:00:00.000000Z");
    CHECK(said(answer_with(whole, "AssumeRoleWithWebIdentity")) ==
          "k|canary|canarytoken|2026-01-31T12:00:00.000000Z");
}

TEST_CASE("an STS answer without whole keys is corrupt", "[s3]") {
    const std::string xml = answer_with(whole);
    for (std::size_t size = 0; size < xml.size(); ++size) {
        INFO(size);
        CHECK(said(xml.substr(0, size)) == "corrupt");
    }
    for (const std::string name : {"AccessKeyId", "SecretAccessKey", "SessionToken", "Expiration"}) {
        std::string lacking = xml;
        lacking.replace(lacking.find("<" + name) + 1, 1, "X");
        lacking.replace(lacking.find("</" + name) + 2, 1, "X");
        INFO(lacking);
        CHECK(said(lacking) == "corrupt");
    }
    CHECK(said("<!DOCTYPE x [<!ENTITY a \"b\">]>" + xml) == "corrupt");
    CHECK(said(xml + "<More/>") == "corrupt");
    CHECK(said("<Response/>") == "corrupt");
    CHECK(said("{\"AccessKeyId\": \"canary\"}") == "corrupt");
    CHECK(said(std::string(60'000, '<')) == "corrupt");
    std::string broken = xml;
    broken.insert(broken.find("canary"), "a\r\nb");
    CHECK(said(broken) == "corrupt");
}

TEST_CASE("an STS error answer says what it means", "[s3]") {
    const auto code_of = [](int status, const std::string& body) {
        return error_of_sts_answer(status, body, {}).code();
    };
    CHECK(code_of(403, error_body("AccessDenied", "no")) == ErrorCode::permission_denied);
    CHECK(code_of(400, error_body("ExpiredTokenException", "no")) == ErrorCode::unauthenticated);
    CHECK(code_of(403, error_body("InvalidClientTokenId", "no")) == ErrorCode::unauthenticated);
    CHECK(code_of(403, error_body("SignatureDoesNotMatch", "no")) == ErrorCode::unauthenticated);
    CHECK(code_of(400, error_body("ValidationError", "no")) == ErrorCode::configuration);
    CHECK(code_of(400, error_body("IDPCommunicationError", "no")) == ErrorCode::unavailable);
    CHECK(code_of(400, error_body("Throttling", "no")) == ErrorCode::rate_limited);
    CHECK(code_of(403, "<html>") == ErrorCode::permission_denied);
    CHECK(code_of(400, "") == ErrorCode::unauthenticated);
    CHECK(code_of(503, "") == ErrorCode::unavailable);
    CHECK(error_of_sts_answer(503, "", {}).retryable());
    CHECK_FALSE(error_of_sts_answer(403, "", {}).retryable());

    const Error error = error_of_sts_answer(403, error_body("AccessDenied", "User u may not\nassume"), {});
    CHECK(error.message() == "the STS answered with status 403 AccessDenied, 'User u may not\\x0aassume'");
    CHECK(error.details().http_status == 403);
    CHECK(error.details().server_code == "AccessDenied");
}

TEST_CASE("a secret that the STS repeats does not get into the error", "[s3]") {
    const std::string secret(300, 'c');
    const Error error = error_of_sts_answer(
        400, error_body("X" + secret, "token " + secret + " and " + secret), Secrets{secret});
    CHECK(error.message().find("ccc") == std::string_view::npos);
    CHECK(error.details().server_code.find("ccc") == std::string::npos);
    CHECK(error.message().find("token *** and ***") != std::string_view::npos);
}
