#include "s3/client/support.h"

#include <catch2/catch.hpp>

#include "support/code_of.h"

using namespace filestore;
using namespace filestore::s3;

namespace {

/// A server that has everything but one thing.
Quirks without(bool Quirks::*member) {
    Quirks quirks = *find_quirks("generic");
    quirks.*member = false;
    return quirks;
}

const Quirks everything = *find_quirks("generic");

template <class... Arguments>
void check_refused(bool Quirks::*member, const Arguments&... request) {
    CHECK(check_supported(everything, request...).ok());
    const auto refused = check_supported(without(member), request...);
    CHECK(code_of(refused) == ErrorCode::unsupported);
    if (!refused.ok()) {
        CHECK(refused.error().message().find("generic") != std::string_view::npos);
    }
}

S3PutRequest some_put() {
    S3PutRequest put;
    put.bucket = "bucket";
    put.key = "key";
    return put;
}

}  // namespace

TEST_CASE("what a server would pass over is not sent to it", "[s3][support]") {
    S3PutRequest put = some_put();
    put.conditions.if_none_match = "*";
    check_refused(&Quirks::put_if_none_match, put);
    put = some_put();
    put.conditions.if_match = "etag";
    check_refused(&Quirks::put_if_match, put);
    put = some_put();
    put.tags = {{"a", "b"}};
    check_refused(&Quirks::tagging, put);
    put = some_put();
    put.storage_class = "GLACIER";
    check_refused(&Quirks::storage_classes, put);

    S3ObjectRequest object;
    object.key = "key";
    object.conditions.if_match = "etag";
    check_refused(&Quirks::delete_if_match, object, ObjectUse::remove);
    CHECK(check_supported(without(&Quirks::delete_if_match), object, ObjectUse::read).ok());

    Quirks one_by_one = without(&Quirks::batch_delete_if_match);
    const S3ObjectName removed{"key", "", "etag"};
    CHECK(check_supported(one_by_one, removed).ok());
    one_by_one.delete_if_match = false;
    CHECK(code_of(check_supported(one_by_one, removed)) == ErrorCode::unsupported);
    CHECK(check_supported(one_by_one, S3ObjectName{"key", ""}).ok());

    S3TagsRequest tags;
    check_refused(&Quirks::tagging, tags);
    check_refused(&Quirks::post_policy, S3PresignPostRequest());
    CHECK(check_creates_only(everything).ok());
    CHECK(code_of(check_creates_only(without(&Quirks::put_if_none_match))) == ErrorCode::unsupported);
}

TEST_CASE("versions are asked for where there are some", "[s3][support]") {
    S3GetRequest get;
    get.version_id = "v";
    check_refused(&Quirks::versioning, get);
    S3ObjectRequest object;
    object.version_id = "v";
    check_refused(&Quirks::versioning, object, ObjectUse::read);
    check_refused(&Quirks::versioning, object, ObjectUse::remove);
    check_refused(&Quirks::versioning, S3ObjectName{"key", "v"});
    S3CopyRequest copy;
    copy.key = "key";
    copy.source_version_id = "v";
    check_refused(&Quirks::versioning, copy);
    S3PresignRequest presign;
    presign.version_id = "v";
    check_refused(&Quirks::versioning, presign);
    CHECK(check_lists_versions(everything).ok());
    CHECK(code_of(check_lists_versions(without(&Quirks::versioning))) == ErrorCode::unsupported);
    CHECK(check_supported(without(&Quirks::versioning), S3ObjectName{"key", ""}).ok());
}

TEST_CASE("nothing that was to be encrypted is stored in the clear", "[s3][support]") {
    const std::pair<S3Encryption::Kind, bool Quirks::*> rows[] = {
        {S3Encryption::Kind::s3, &Quirks::sse_s3},
        {S3Encryption::Kind::kms, &Quirks::sse_kms},
        {S3Encryption::Kind::customer, &Quirks::sse_customer_key},
    };
    for (const auto& [kind, member] : rows) {
        S3PutRequest put = some_put();
        put.encryption.kind = kind;
        check_refused(member, put);
        S3CopyRequest copy;
        copy.key = "key";
        copy.encryption.kind = kind;
        check_refused(member, copy);
        S3GetRequest get;
        get.encryption.kind = kind;
        check_refused(member, get);
    }
}

TEST_CASE("where keys are paths, those that are none are refused", "[s3][support]") {
    struct Row {
        std::string key;
        bool storable;
    };
    const Row rows[] = {
        {"a", true},
        {"a/b", true},
        {"a/b/", true},
        {".a/..b/c.", true},
        {"...", true},
        {std::string(255, 'x') + "/" + std::string(255, 'y'), true},
        {"/a", false},
        {"a//b", false},
        {"a/./b", false},
        {"a/../b", false},
        {".", false},
        {"a/..", false},
        {"a//", false},
        {"a/" + std::string(256, 'x'), false},
        {std::string("a\0b", 3), false},
    };
    for (const Row& row : rows) {
        INFO(row.key);
        CHECK(check_storable(*find_quirks("versitygw"), row.key).ok() == row.storable);
        CHECK(check_storable(*find_quirks("ceph"), row.key).ok());
        S3PutRequest put = some_put();
        put.key = row.key;
        CHECK(check_supported(*find_quirks("versitygw"), put).ok() == row.storable);
    }
}

TEST_CASE("parts are refused where they would lose the condition", "[s3][support]") {
    CHECK_FALSE(refusal_of_parts(*find_quirks("aws"), true).has_value());
    CHECK_FALSE(refusal_of_parts(*find_quirks("ceph"), false).has_value());
    const auto refusal = refusal_of_parts(*find_quirks("ceph"), true);
    REQUIRE(refusal.has_value());
    CHECK(refusal->code() == ErrorCode::unsupported);
}
