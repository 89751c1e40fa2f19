#include "s3/protocol/quirks.h"

#include <catch2/catch.hpp>
#include <set>

using namespace filestore::s3;

TEST_CASE("every profile has its name, each once", "[s3][quirks]") {
    std::set<std::string_view> names;
    for (const Quirks& quirks : all_quirks()) {
        CHECK(names.insert(quirks.name).second);
        CHECK(find_quirks(quirks.name) == &quirks);
        CHECK(quirks.most_keys_per_delete >= 1);
        CHECK(quirks.most_keys_per_delete <= 1000);
    }
    CHECK(names == std::set<std::string_view>{"aws", "ceph", "garage", "gcs", "generic", "minio", "r2",
                                              "seaweedfs", "supabase", "versitygw"});
    CHECK(find_quirks("AWS") == nullptr);
    CHECK(find_quirks("") == nullptr);
}

TEST_CASE("the profile of a well-known host", "[s3][quirks]") {
    struct Row {
        std::string_view host;
        std::string_view name;
    };
    const Row rows[] = {
        {"", "aws"},
        {"s3.eu-west-1.amazonaws.com", "aws"},
        {"bucket.S3.cn-north-1.AmazonAWS.com.cn", "aws"},
        {"abc.r2.cloudflarestorage.com", "r2"},
        {"abc.eu.r2.cloudflarestorage.com", "r2"},
        {"storage.googleapis.com", "gcs"},
        {"bucket.storage.googleapis.com", "gcs"},
        {"project.supabase.co", "supabase"},
        {"project.storage.supabase.co", "supabase"},
        {"notamazonaws.com", "generic"},
        {"amazonaws.com.evil.example", "generic"},
        {"127.0.0.1", "generic"},
        {"[::1]", "generic"},
        {"minio.example", "generic"},
    };
    for (const Row& row : rows) {
        INFO(row.host);
        CHECK(guess_quirks(row.host).name == row.name);
    }
}

TEST_CASE("an unknown server gets nothing by itself, and whatever the caller asks for", "[s3][quirks]") {
    const Quirks& generic = *find_quirks("generic");
    CHECK(generic.auto_checksum == AutoChecksum::none);
    CHECK_FALSE(generic.returns_checksums);
    CHECK_FALSE(generic.etag_is_md5);
    CHECK_FALSE(generic.multipart_etag_is_md5_of_md5s);
    CHECK_FALSE(generic.list_uploads_by_prefix);
    CHECK(generic.header_checksums);
    CHECK(generic.trailer_checksums);
    CHECK(generic.put_if_none_match);
    CHECK(generic.put_if_match);
    CHECK(generic.conditional_complete);
    CHECK(generic.delete_if_match);
    CHECK_FALSE(generic.auto_delete_if_match);
    CHECK_FALSE(generic.batch_delete_if_match);
    CHECK(generic.tagging);
    CHECK(generic.sse_s3);
    CHECK_FALSE(generic.keys_are_paths);
    for (const Quirks& quirks : all_quirks()) {
        INFO(quirks.name);
        CHECK((quirks.auto_checksum == AutoChecksum::none || quirks.header_checksums));
        CHECK((quirks.header_checksums || !quirks.trailer_checksums));
        CHECK((quirks.put_if_none_match || !quirks.conditional_complete));
        CHECK((quirks.delete_if_match || !quirks.auto_delete_if_match));
        CHECK((quirks.auto_delete_if_match || !quirks.batch_delete_if_match));
    }
}

TEST_CASE("what the well-known services lack", "[s3][quirks]") {
    CHECK(find_quirks("r2")->equal_parts);
    CHECK(find_quirks("r2")->fixed_region == "auto");
    CHECK_FALSE(find_quirks("r2")->answers_expect);
    CHECK_FALSE(find_quirks("r2")->multipart_etag_is_md5_of_md5s);
    CHECK_FALSE(find_quirks("gcs")->multipart_copy);
    CHECK(find_quirks("supabase")->most_keys_per_delete == 500);
    CHECK(find_quirks("supabase")->path_style_only);
    CHECK_FALSE(find_quirks("garage")->put_if_none_match);
    CHECK_FALSE(find_quirks("ceph")->returns_checksums);
    CHECK_FALSE(find_quirks("ceph")->put_if_match);
    CHECK_FALSE(find_quirks("versitygw")->list_encoding_url);
    CHECK_FALSE(find_quirks("versitygw")->sse_s3);
    CHECK_FALSE(find_quirks("minio")->list_uploads_by_prefix);
    CHECK(find_quirks("aws")->put_if_match);
    CHECK(find_quirks("aws")->batch_delete_if_match);
    CHECK(find_quirks("versitygw")->auto_delete_if_match);
    CHECK_FALSE(find_quirks("versitygw")->batch_delete_if_match);
}

TEST_CASE("a profile is written as its name and what differs", "[s3][quirks]") {
    for (const Quirks& quirks : all_quirks()) {
        INFO(quirks.name);
        CHECK(format_profile(quirks) == quirks.name);
        CHECK(format_profile(*parse_profile(quirks.name)) == quirks.name);
    }
    const auto changed =
        parse_profile("ceph,most_keys_per_delete=7,auto_checksum=header,put_if_match=yes,list_v2=no");
    REQUIRE(changed.ok());
    CHECK(changed->name == "ceph");
    CHECK(changed->put_if_match);
    CHECK_FALSE(changed->list_v2);
    CHECK(changed->auto_checksum == AutoChecksum::header);
    CHECK(changed->most_keys_per_delete == 7);
    CHECK(changed->put_if_none_match);
    const std::string text = format_profile(*changed);
    CHECK(text == "ceph,put_if_match=yes,list_v2=no,auto_checksum=header,most_keys_per_delete=7");
    CHECK(format_profile(*parse_profile(text)) == text);
    // What is as it was needs no words.
    CHECK(format_profile(*parse_profile("ceph,put_if_match=no")) == "ceph");
}

TEST_CASE("a profile that cannot be right is refused, with the nearest name", "[s3][quirks]") {
    struct Row {
        std::string_view text;
        std::string_view says;
    };
    const Row rows[] = {
        {"", "not known"},
        {"Minio", "did you mean minio?"},
        {"minio,", "not known"},
        {"minio,tagings=no", "did you mean tagging?"},
        {"minio,tagging", "yes or no"},
        {"minio,tagging=", "yes or no"},
        {"minio,tagging=true", "yes or no"},
        {"minio,auto_checksum=trailer", "header or none"},
        {"minio,most_keys_per_delete=0", "1 to 1000"},
        {"minio,most_keys_per_delete=1001", "1 to 1000"},
        {"minio,most_keys_per_delete=9x", "1 to 1000"},
        {"minio;tagging=no", "not known"},
        {"minio, tagging=no", "not known"},
    };
    for (const Row& row : rows) {
        INFO(row.text);
        const auto parsed = parse_profile(row.text);
        REQUIRE_FALSE(parsed.ok());
        CHECK(parsed.error().code() == filestore::ErrorCode::invalid_argument);
        INFO(parsed.error().message());
        CHECK(parsed.error().message().find(row.says) != std::string_view::npos);
    }
}
