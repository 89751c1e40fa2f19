#include "s3/protocol/post_policy.h"

#include <catch2/catch.hpp>

#include "core/encoding.h"
#include "support/code_of.h"

using filestore::ErrorCode;
using filestore::from_base64;
using filestore::parse_timestamp;
using filestore::Timestamp;
using namespace filestore::s3;

namespace {

const Credentials credentials{"AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", ""};

Timestamp at(const char* text) {
    return parse_timestamp(text).value();
}

SigningScope scope() {
    return {"us-east-1", "s3", at("2015-12-29T00:00:00Z")};
}

PostPolicy policy() {
    PostPolicy policy;
    policy.bucket = "sigv4examplebucket";
    policy.key = {FieldRule::Kind::prefix, "user/user1/"};
    policy.size = SizeRange{1, 10'485'760};
    policy.content_type = FieldRule{FieldRule::Kind::prefix, "image/"};
    policy.fields = {{"x-amz-meta-uuid", "14365123651274"}, {"success_action_status", "201"}};
    policy.expires = at("2015-12-30T12:00:00.5Z");
    return policy;
}

std::string value_of(const std::vector<NameValue>& fields, std::string_view name) {
    for (const NameValue& field : fields) {
        if (field.name == name) {
            return field.value;
        }
    }
    return "(none)";
}

}  // namespace

TEST_CASE("the signature of AWS's example of a POST policy", "[s3][post_policy]") {
    // S3 API reference, "Example: Browser-Based Upload using HTTP POST".
    const std::string_view document =
        "eyAiZXhwaXJhdGlvbiI6ICIyMDE1LTEyLTMwVDEyOjAwOjAwLjAwMFoiLA0KICAiY29uZGl0aW9ucyI6IFsNCiAgICB7ImJ1Y2tl"
        "dCI6ICJzaWd2"
        "NGV4YW1wbGVidWNrZXQifSwNCiAgICBbInN0YXJ0cy13aXRoIiwgIiRrZXkiLCAidXNlci91c2VyMS8iXSwNCiAgICB7ImFjbCI6"
        "ICJwdWJsaWMt"
        "cmVhZCJ9LA0KICAgIHsic3VjY2Vzc19hY3Rpb25fcmVkaXJlY3QiOiAiaHR0cDovL3NpZ3Y0ZXhhbXBsZWJ1Y2tldC5zMy5hbWF6"
        "b25hd3MuY29t"
        "L3N1Y2Nlc3NmdWxfdXBsb2FkLmh0bWwifSwNCiAgICBbInN0YXJ0cy13aXRoIiwgIiRDb250ZW50LVR5cGUiLCAiaW1hZ2UvIl0s"
        "DQogICAgeyJ4"
        "LWFtei1tZXRhLXV1aWQiOiAiMTQzNjUxMjM2NTEyNzQifSwNCiAgICB7IngtYW16LXNlcnZlci1zaWRlLWVuY3J5cHRpb24iOiAi"
        "QUVTMjU2In0s"
        "DQogICAgWyJzdGFydHMtd2l0aCIsICIkeC1hbXotbWV0YS10YWciLCAiIl0sDQoNCiAgICB7IngtYW16LWNyZWRlbnRpYWwiOiAi"
        "QUtJQUlPU0ZP"
        "RE5ON0VYQU1QTEUvMjAxNTEyMjkvdXMtZWFzdC0xL3MzL2F3czRfcmVxdWVzdCJ9LA0KICAgIHsieC1hbXotYWxnb3JpdGhtIjog"
        "IkFXUzQtSE1B"
        "Qy1TSEEyNTYifSwNCiAgICB7IngtYW16LWRhdGUiOiAiMjAxNTEyMjlUMDAwMDAwWiIgfQ0KICBdDQp9";
    CHECK(signature(credentials, scope(), document) ==
          "8afdbf4008c03f22c2cd3cdb72e4afbb1f6a588f3255ac628749a66d7f09699e");
    CHECK(credential_name(credentials, scope()) == "AKIAIOSFODNN7EXAMPLE/20151229/us-east-1/s3/aws4_request");
    CHECK(signing_time(scope()) == "20151229T000000Z");
}

TEST_CASE("the document of a POST policy", "[s3][post_policy]") {
    CHECK(
        post_policy_document(policy(), credentials, scope()) ==
        R"({"expiration":"2015-12-30T12:00:00.500Z","conditions":[{"bucket":"sigv4examplebucket"},)"
        R"(["starts-with","$key","user/user1/"],["starts-with","$Content-Type","image/"],)"
        R"(["content-length-range",1,10485760],{"x-amz-meta-uuid":"14365123651274"},{"success_action_status":"201"},)"
        R"({"x-amz-algorithm":"AWS4-HMAC-SHA256"},)"
        R"({"x-amz-credential":"AKIAIOSFODNN7EXAMPLE/20151229/us-east-1/s3/aws4_request"},)"
        R"({"x-amz-date":"20151229T000000Z"}]})");
}

TEST_CASE("the fields of a signed form", "[s3][post_policy]") {
    const auto fields = post_form(policy(), credentials, scope());
    REQUIRE(fields.ok());
    CHECK(value_of(*fields, "key") == "user/user1/${filename}");
    CHECK(value_of(*fields, "Content-Type") == "(none)");
    CHECK(value_of(*fields, "x-amz-meta-uuid") == "14365123651274");
    CHECK(value_of(*fields, "success_action_status") == "201");
    CHECK(value_of(*fields, "x-amz-algorithm") == "AWS4-HMAC-SHA256");
    CHECK(value_of(*fields, "x-amz-date") == "20151229T000000Z");
    CHECK(value_of(*fields, "x-amz-security-token") == "(none)");
    const std::string document = value_of(*fields, "policy");
    CHECK(from_base64(document).value() == post_policy_document(policy(), credentials, scope()));
    CHECK(value_of(*fields, "x-amz-signature") == signature(credentials, scope(), document));
}

TEST_CASE("a form for one key and one type, with a session", "[s3][post_policy]") {
    PostPolicy exact = policy();
    exact.key = {FieldRule::Kind::exact, "a \"b\" \xC3\xBC"};
    exact.content_type = FieldRule{FieldRule::Kind::exact, "text/plain"};
    Credentials session = credentials;
    session.session_token = "TOKEN";
    const auto fields = post_form(exact, session, scope());
    REQUIRE(fields.ok());
    CHECK(value_of(*fields, "key") == "a \"b\" \xC3\xBC");
    CHECK(value_of(*fields, "Content-Type") == "text/plain");
    CHECK(value_of(*fields, "x-amz-security-token") == "TOKEN");
    const std::string document = from_base64(value_of(*fields, "policy")).value();
    CHECK(document.find("{\"key\":\"a \\\"b\\\" \xC3\xBC\"}") != std::string::npos);
    CHECK(document.find("{\"Content-Type\":\"text/plain\"}") != std::string::npos);
    CHECK(document.find("{\"x-amz-security-token\":\"TOKEN\"}") != std::string::npos);
}

TEST_CASE("a policy that names every field of its form", "[s3][post_policy]") {
    const auto fields = post_form(policy(), credentials, scope());
    REQUIRE(fields.ok());
    const std::string document = from_base64(value_of(*fields, "policy")).value();
    for (const NameValue& field : *fields) {
        if (field.name != "policy" && field.name != "x-amz-signature") {
            INFO(field.name);
            const bool is_named = document.find("{\"" + field.name + "\":") != std::string::npos ||
                                  document.find("\"$" + field.name + "\"") != std::string::npos;
            CHECK(is_named);
        }
    }
}

TEST_CASE("a policy that cannot be right is refused", "[s3][post_policy]") {
    const auto refused = [](auto change) {
        PostPolicy changed = policy();
        change(changed);
        const auto form = post_form(changed, credentials, scope());
        return code_of(form) == ErrorCode::invalid_argument;
    };
    CHECK(refused([](PostPolicy& p) { p.bucket.clear(); }));
    CHECK(refused([](PostPolicy& p) { p.key = {FieldRule::Kind::exact, ""}; }));
    CHECK(refused([](PostPolicy& p) { p.key.text = "\xFF"; }));
    CHECK(refused([](PostPolicy& p) { p.size = SizeRange{2, 1}; }));
    CHECK(refused([](PostPolicy& p) { p.content_type->text = "\xFF"; }));
    CHECK(refused([](PostPolicy& p) { p.fields.push_back({"X-Amz-Signature", "x"}); }));
    CHECK(refused([](PostPolicy& p) { p.fields.push_back({"Key", "x"}); }));
    CHECK(refused([](PostPolicy& p) { p.fields.push_back({"X-Amz-Meta-UUID", "x"}); }));
    CHECK(refused([](PostPolicy& p) { p.fields.push_back({"", "x"}); }));
    CHECK(refused([](PostPolicy& p) { p.fields.push_back({"x-amz-meta-a", "\xFF"}); }));
    CHECK(refused([](PostPolicy& p) { p.expires = scope().time; }));
    CHECK(refused([](PostPolicy& p) { p.expires = at("2016-01-05T00:00:00.000001Z"); }));
    CHECK_FALSE(refused([](PostPolicy& p) { p.expires = at("2016-01-05T00:00:00Z"); }));
    CHECK_FALSE(refused([](PostPolicy& p) { p.key.text.clear(); }));
}
