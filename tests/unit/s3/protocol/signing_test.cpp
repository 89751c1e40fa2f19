#include "s3/protocol/signing.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "s3/protocol/signing_case.h"

namespace {

using filestore::Timestamp;
using filestore::s3::NameValue;
using filestore::test::SigningCase;
using filestore::test::SigningStages;
using filestore::test::value_of;

const std::filesystem::path& cases_directory() {
    static const std::filesystem::path directory =
        std::filesystem::path(FILESTORE_TEST_DATA) / "s3" / "protocol" / "signing_cases";
    return directory;
}

std::vector<std::filesystem::path> case_folders() {
    std::vector<std::filesystem::path> folders;
    for (const auto& entry : std::filesystem::directory_iterator(cases_directory())) {
        if (entry.is_directory() && std::filesystem::exists(entry.path() / "request.json")) {
            folders.push_back(entry.path());
        }
    }
    std::sort(folders.begin(), folders.end());
    return folders;
}

std::string content_of(const std::filesystem::path& file) {
    std::ifstream stream(file, std::ios::binary);
    REQUIRE(stream);
    return {std::istreambuf_iterator<char>(stream), {}};
}

SigningCase load_case(const std::string& name) {
    auto loaded = filestore::test::read_signing_case(content_of(cases_directory() / name / "request.json"));
    REQUIRE(loaded.ok());
    return *std::move(loaded);
}

void check_stages(const SigningStages& stages, const std::filesystem::path& folder,
                  const std::string& prefix) {
    CHECK(stages.canonical_request == content_of(folder / (prefix + "canonical_request.txt")));
    CHECK(stages.string_to_sign == content_of(folder / (prefix + "string_to_sign.txt")));
    CHECK(stages.signature == content_of(folder / (prefix + "signature.txt")));
}

std::vector<std::string> names_of(const std::vector<NameValue>& list) {
    std::vector<std::string> names;
    for (const NameValue& entry : list) {
        names.push_back(entry.name);
    }
    return names;
}

}  // namespace

TEST_CASE("every signing case gives the recorded stages", "[s3][signing]") {
    const auto folders = case_folders();
    REQUIRE(folders.size() >= 30);
    for (const auto& folder : folders) {
        const SigningCase signing_case = load_case(folder.filename());
        SECTION(folder.filename().string() + ", header form") {
            const auto in_headers = sign_in_headers(signing_case);
            check_stages(in_headers.stages, folder, "");
            CHECK(value_of(in_headers.added, "authorization") == content_of(folder / "authorization.txt"));
        }
        if (std::filesystem::exists(folder / "presigned_signature.txt")) {
            SECTION(folder.filename().string() + ", presigned form") {
                const auto presigned = presign(signing_case);
                check_stages(presigned.stages, folder, "presigned_");
                CHECK(value_of(presigned.added, "X-Amz-Signature") == presigned.stages.signature);
            }
        }
    }
}

TEST_CASE("the signatures of the AWS documentation are met", "[s3][signing]") {
    const auto in_headers = sign_in_headers(load_case("aws-documentation-get-object"));
    CHECK(in_headers.stages.signature == "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41");
    const auto presigned = presign(load_case("aws-documentation-presigned-url"));
    CHECK(presigned.stages.signature == "aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404");
}

TEST_CASE("signing adds these headers, and the token only where there is one", "[s3][signing]") {
    const std::vector<std::string> permanent{"x-amz-date", "x-amz-content-sha256", "authorization"};
    CHECK(names_of(sign_in_headers(load_case("get")).added) == permanent);

    const auto with_token = sign_in_headers(load_case("session-token")).added;
    const std::vector<std::string> temporary{"x-amz-date", "x-amz-content-sha256", "x-amz-security-token",
                                             "authorization"};
    CHECK(names_of(with_token) == temporary);
    CHECK(value_of(with_token, "x-amz-security-token") ==
          load_case("session-token").credentials.session_token);
}

TEST_CASE("presigning adds these parameters, the signature last", "[s3][signing]") {
    const std::vector<std::string> permanent{"X-Amz-Algorithm", "X-Amz-Credential",    "X-Amz-Date",
                                             "X-Amz-Expires",   "X-Amz-SignedHeaders", "X-Amz-Signature"};
    CHECK(names_of(presign(load_case("get")).added) == permanent);

    const std::vector<std::string> temporary{"X-Amz-Algorithm", "X-Amz-Credential",     "X-Amz-Date",
                                             "X-Amz-Expires",   "X-Amz-Security-Token", "X-Amz-SignedHeaders",
                                             "X-Amz-Signature"};
    CHECK(names_of(presign(load_case("session-token")).added) == temporary);
}

TEST_CASE("a presigned request is never bound to a payload", "[s3][signing]") {
    SigningCase signing_case = load_case("get");
    const auto expected = presign(signing_case).added;
    signing_case.request.payload_hash = "something else";
    CHECK(presign(signing_case).added == expected);
}

TEST_CASE("each part of scope, keys and request changes the signature", "[s3][signing]") {
    const SigningCase original = load_case("put-signed-payload");
    const std::string signature = sign_in_headers(original).stages.signature;
    const auto changed = [&](auto change) {
        SigningCase other = original;
        change(other);
        return sign_in_headers(other).stages.signature;
    };
    CHECK(changed([](SigningCase&) {}) == signature);
    CHECK(changed([](SigningCase& c) { c.scope.region = "us-west-1"; }) != signature);
    CHECK(changed([](SigningCase& c) { c.scope.service = "iam"; }) != signature);
    CHECK(changed([](SigningCase& c) { c.scope.time += std::chrono::seconds(1); }) != signature);
    CHECK(changed([](SigningCase& c) { c.credentials.secret_key = "another"; }) != signature);
    CHECK(changed([](SigningCase& c) { c.credentials.session_token = "token"; }) != signature);
    CHECK(changed([](SigningCase& c) { c.request.method = "GET"; }) != signature);
    CHECK(changed([](SigningCase& c) { c.request.path += 'x'; }) != signature);
    CHECK(changed([](SigningCase& c) { c.request.query.push_back({"a", ""}); }) != signature);
    CHECK(changed([](SigningCase& c) { c.request.headers[0].value += 'x'; }) != signature);
    CHECK(changed([](SigningCase& c) { c.request.payload_hash = filestore::s3::unsigned_payload; }) !=
          signature);
    CHECK(changed([](SigningCase& c) { std::swap(c.request.headers[0], c.request.headers[1]); }) ==
          signature);
}

TEST_CASE("the fraction of a second is cut, not rounded", "[s3][signing]") {
    filestore::s3::SigningScope scope;
    scope.region = "us-east-1";
    scope.time = Timestamp(std::chrono::sys_days(std::chrono::year(2026) / 12 / 31)) +
                 std::chrono::hours(23) + std::chrono::minutes(59) + std::chrono::microseconds(59'999'999);
    CHECK(credential_scope(scope) == "20261231/us-east-1/s3/aws4_request");
    CHECK(string_to_sign(scope, "").find("\n20261231T235959Z\n") != std::string::npos);
}
