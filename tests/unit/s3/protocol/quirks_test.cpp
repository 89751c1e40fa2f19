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

TEST_CASE("an unknown server gets nothing that only some servers take", "[s3][quirks]") {
    const Quirks& generic = *find_quirks("generic");
    CHECK(generic.auto_checksum == AutoChecksum::none);
    CHECK_FALSE(generic.trailer_checksums);
    CHECK_FALSE(generic.put_if_none_match);
    CHECK_FALSE(generic.put_if_match);
    CHECK(generic.batch_delete_needs_md5);
    CHECK_FALSE(generic.multipart_etag_is_md5_of_md5s);
    for (const Quirks& quirks : all_quirks()) {
        INFO(quirks.name);
        CHECK((quirks.auto_checksum == AutoChecksum::none || quirks.header_checksums));
    }
}

TEST_CASE("what the well-known services lack", "[s3][quirks]") {
    CHECK(find_quirks("r2")->equal_parts);
    CHECK(find_quirks("r2")->fixed_region == "auto");
    CHECK_FALSE(find_quirks("r2")->multipart_etag_is_md5_of_md5s);
    CHECK_FALSE(find_quirks("gcs")->multipart_copy);
    CHECK(find_quirks("gcs")->accept_encoding_unsigned);
    CHECK(find_quirks("gcs")->refuses_extra_query);
    CHECK(find_quirks("supabase")->most_keys_per_delete == 500);
    CHECK_FALSE(find_quirks("garage")->put_if_none_match);
    CHECK_FALSE(find_quirks("ceph")->returns_checksums);
    CHECK_FALSE(find_quirks("versitygw")->list_encoding_url);
    CHECK(find_quirks("aws")->put_if_match);
}
