#include "s3/protocol/server_identity.h"

#include <catch2/catch.hpp>

using namespace filestore::s3;

namespace {

std::string_view named(const std::vector<NameValue>& headers,
                       std::string_view endpoint = "http://127.0.0.1:9000",
                       std::string_view guessed = "generic") {
    return identify_server(headers, endpoint, *find_quirks(guessed)).name;
}

const std::string version_of_garage = "131226757397ee4140db6bf1ec069401b1c149b354040d828286731e4a0a8002";

}  // namespace

TEST_CASE("a server is known by what it says of itself", "[s3][server_identity]") {
    struct Row {
        std::vector<NameValue> headers;
        std::string_view name;
    };
    const Row rows[] = {
        {{{"server", "VERSITYGW"}, {"x-amz-request-id", "ZSICFATFL8PU7IGS"}}, "versitygw"},
        {{{"server", "MinIO"}, {"x-amz-request-id", "18EB377ACBC1B21A"}}, "minio"},
        {{{"server", "SeaweedFS S3 30GB 2.68"}}, "seaweedfs"},
        {{{"server", "SeaweedFS 30GB 3.88"}}, "seaweedfs"},
        {{{"server", "Ceph Object Gateway (squid)"}}, "ceph"},
        {{{"etag", "x"}, {"x-rgw-object-type", "Normal"}}, "ceph"},
        {{{"server", "UploadServer"}, {"x-guploader-uploadid", "ABg"}}, "gcs"},
        {{{"etag", "x"}, {"x-amz-version-id", version_of_garage}}, "garage"},
        // moto, rclone, s3proxy, s3s-fs, any proxy.
        {{{"server", "Werkzeug/3.1.9 Python/3.11.2"}, {"server", "amazon.com"}}, "generic"},
        {{{"server", "AmazonS3"}, {"x-amz-id-2", "Rjg3M0JFQjE"}}, "generic"},
        {{{"x-amz-request-id", "F0AA0344DB241DC2"}}, "generic"},
        {{{"etag", "x"}}, "generic"},
        {{{"server", "cloudflare"}, {"cf-ray", "1"}}, "generic"},
        {{}, "generic"},
    };
    for (const Row& row : rows) {
        INFO((row.headers.empty() ? "" : row.headers.back().value));
        CHECK(named(row.headers) == row.name);
    }
}

TEST_CASE("a version makes no Garage where anything else tells against it", "[s3][server_identity]") {
    CHECK(named({{"x-amz-version-id", version_of_garage}, {"x-amz-request-id", "1"}}) == "generic");
    CHECK(named({{"x-amz-version-id", version_of_garage}, {"server", "nginx"}}) == "generic");
    CHECK(named({{"x-amz-version-id", version_of_garage.substr(1)}}) == "generic");
    CHECK(named({{"x-amz-version-id", std::string(64, 'G')}}) == "generic");
    CHECK(named({{"x-amz-version-id", "null"}}) == "generic");
}

TEST_CASE("a well-known host stands above what is said behind it", "[s3][server_identity]") {
    CHECK(named({{"server", "MinIO"}}, "https://x.supabase.co/storage/v1/s3", "supabase") == "supabase");
    CHECK(named({}, "", "aws") == "aws");
    CHECK(named({}, "http://localhost:54321/storage/v1/s3") == "supabase");
    CHECK(named({}, "http://localhost:54321/storage/v1/s3/") == "supabase");
    CHECK(named({}, "http://localhost:54321/storage/v1/s30") == "generic");
}
