#include "s3/protocol/endpoint.h"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "filestore/s3_backend.h"

using filestore::ErrorCode;
using filestore::S3Addressing;
using filestore::S3Options;
using filestore::s3::Endpoint;
using filestore::s3::is_over_tls;
using filestore::s3::object_target;
using filestore::s3::resolve_endpoint;

namespace {

S3Options options_for(std::string endpoint, std::string bucket = "bucket",
                      S3Addressing addressing = S3Addressing::automatic, std::string region = "us-east-1") {
    S3Options options;
    options.endpoint = std::move(endpoint);
    options.bucket = std::move(bucket);
    options.addressing = addressing;
    options.region = std::move(region);
    return options;
}

filestore::Result<Endpoint> resolve(const S3Options& options) {
    return resolve_endpoint(options, options.bucket);
}

void check_refused(const S3Options& options) {
    INFO("endpoint " << options.endpoint << ", bucket " << options.bucket << ", region " << options.region);
    const auto endpoint = resolve(options);
    REQUIRE_FALSE(endpoint.ok());
    CHECK(endpoint.error().code() == ErrorCode::invalid_argument);
    CHECK(endpoint.error().message().find('\n') == std::string_view::npos);
}

}  // namespace

TEST_CASE("resolve_endpoint answers scheme, host and path", "[s3][endpoint]") {
    struct Row {
        S3Options options;
        std::string scheme;
        std::string host;
        std::string path;
    };
    constexpr auto automatic = S3Addressing::automatic;
    constexpr auto path = S3Addressing::path;
    constexpr auto virtual_host = S3Addressing::virtual_host;
    const std::vector<Row> rows = {
        {options_for(""), "https", "bucket.s3.us-east-1.amazonaws.com", ""},
        {options_for("", "bucket", path), "https", "s3.us-east-1.amazonaws.com", "/bucket"},
        {options_for("", "bucket", automatic, "eu-west-3"), "https", "bucket.s3.eu-west-3.amazonaws.com", ""},
        {options_for("", "bucket", automatic, "cn-north-1"), "https", "bucket.s3.cn-north-1.amazonaws.com.cn",
         ""},
        {options_for("", "bucket", automatic, "us-gov-west-1"), "https",
         "bucket.s3.us-gov-west-1.amazonaws.com", ""},
        {options_for("", "bucket", automatic, "us-isob-east-1"), "https",
         "bucket.s3.us-isob-east-1.sc2s.sgov.gov", ""},
        {options_for("", "dotted.bucket"), "https", "s3.us-east-1.amazonaws.com", "/dotted.bucket"},
        {options_for("", "dotted.bucket", virtual_host), "https", "dotted.bucket.s3.us-east-1.amazonaws.com",
         ""},
        {options_for("", "Old_Bucket"), "https", "s3.us-east-1.amazonaws.com", "/Old_Bucket"},
        {options_for("http://localhost:9000"), "http", "localhost:9000", "/bucket"},
        {options_for("http://localhost:9000", "bucket", virtual_host), "http", "bucket.localhost:9000", ""},
        {options_for("http://localhost:80"), "http", "localhost", "/bucket"},
        {options_for("http://localhost:443"), "http", "localhost:443", "/bucket"},
        {options_for("https://localhost:443/"), "https", "localhost", "/bucket"},
        {options_for("https://localhost:80"), "https", "localhost:80", "/bucket"},
        {options_for("HTTPS://Storage.Example"), "https", "storage.example", "/bucket"},
        {options_for("https://project.example/storage/v1/s3"), "https", "project.example",
         "/storage/v1/s3/bucket"},
        {options_for("https://project.example/storage/v1/s3//"), "https", "project.example",
         "/storage/v1/s3/bucket"},
        {options_for("https://project.example/s3", "bucket", virtual_host), "https", "bucket.project.example",
         "/s3"},
        {options_for("https://project.example/a%2fb$"), "https", "project.example", "/a%2Fb%24/bucket"},
        {options_for("http://127.0.0.1:9000"), "http", "127.0.0.1:9000", "/bucket"},
        {options_for("http://[::1]"), "http", "[::1]", "/bucket"},
        {options_for("http://[2001:DB8::1]:9000/s3"), "http", "[2001:db8::1]:9000", "/s3/bucket"},
        {options_for("http://s_3.local"), "http", "s_3.local", "/bucket"},
    };
    for (const Row& row : rows) {
        INFO("endpoint " << row.options.endpoint << ", bucket " << row.options.bucket);
        const auto endpoint = resolve(row.options);
        REQUIRE(endpoint.ok());
        CHECK(endpoint->scheme == row.scheme);
        CHECK(endpoint->host == row.host);
        CHECK(endpoint->path == row.path);
        CHECK(endpoint->is_tls() == (row.scheme == "https"));
    }
}

TEST_CASE("AWS's hosts with both kinds of addresses", "[s3][endpoint]") {
    struct Row {
        std::string region;
        std::string bucket;
        std::string host;
        std::string path;
    };
    const std::vector<Row> rows = {
        {"us-east-1", "bucket", "bucket.s3.dualstack.us-east-1.amazonaws.com", ""},
        {"eu-west-3", "dotted.bucket", "s3.dualstack.eu-west-3.amazonaws.com", "/dotted.bucket"},
        {"cn-north-1", "bucket", "bucket.s3.dualstack.cn-north-1.amazonaws.com.cn", ""},
        {"us-gov-west-1", "bucket", "bucket.s3.dualstack.us-gov-west-1.amazonaws.com", ""},
    };
    for (const Row& row : rows) {
        INFO(row.host);
        S3Options options = options_for("", row.bucket, S3Addressing::automatic, row.region);
        options.dual_stack = true;
        const auto endpoint = resolve(options);
        REQUIRE(endpoint.ok());
        CHECK(endpoint->scheme == "https");
        CHECK(endpoint->host == row.host);
        CHECK(endpoint->path == row.path);
    }
    S3Options with_endpoint = options_for("https://store.example");
    with_endpoint.dual_stack = true;
    check_refused(with_endpoint);
}

TEST_CASE("an endpoint that cannot be right is refused", "[s3][endpoint]") {
    const std::vector<std::string> endpoints = {
        "localhost:9000",
        "localhost",
        "//localhost",
        "ftp://localhost",
        "s3://bucket",
        "http://",
        "http:///path",
        "http://:9000",
        "http://host:",
        "http://host:0",
        "http://host:65536",
        "http://host:-1",
        "http://host:9000x",
        "http://host:9000:9000",
        "http://user:password@host",
        "http://user@host",
        "http://host?x=y",
        "http://host/path?x=y",
        "http://host#fragment",
        "http://ho st",
        "http://host\n",
        "http://host/\tpath",
        "http://host\\path",
        "http://h\xC3\xB6st",
        "http://host/100%",
        "http://host/%zz",
        "http://[::1",
        "http://::1",
        "http://[]",
        "http://[::1]x",
        "http://[::1]9000",
        "http://[host]",
        "http://[fe80::1%25eth0]",
    };
    for (const std::string& endpoint : endpoints) {
        check_refused(options_for(endpoint));
    }
    check_refused(options_for(std::string("http://host\0.example", 20)));
}

TEST_CASE("a bucket that cannot be right is refused", "[s3][endpoint]") {
    const std::vector<std::string> buckets = {
        "",
        "ab",
        std::string(64, 'a'),
        "a/b",
        "../x",
        "bucket?",
        "bucket name",
        "a..b",
        "-bucket",
        "bucket-",
        ".abc",
        "abc.",
        "b\xC3\xBC"
        "cket",
        "bucket\n",
    };
    for (const std::string& bucket : buckets) {
        check_refused(options_for("http://localhost", bucket));
    }
    CHECK(resolve(options_for("http://localhost", std::string(63, 'a'))).ok());
    CHECK(resolve(options_for("http://localhost", "abc")).ok());
}

TEST_CASE("a region that cannot be right is refused", "[s3][endpoint]") {
    for (const std::string region : {"", "us east", "us/east", "us-east-1\n", "@evil"}) {
        check_refused(options_for("", "bucket", S3Addressing::automatic, region));
        check_refused(options_for("http://localhost", "bucket", S3Addressing::automatic, region));
    }
}

TEST_CASE("virtual-host addressing is refused where no host name can come of it", "[s3][endpoint]") {
    constexpr auto virtual_host = S3Addressing::virtual_host;
    check_refused(options_for("http://127.0.0.1:9000", "bucket", virtual_host));
    check_refused(options_for("http://[::1]:9000", "bucket", virtual_host));
    check_refused(options_for("http://localhost", "Bucket", virtual_host));
    check_refused(options_for("", "old_bucket", virtual_host));
}

TEST_CASE("an endpoint's scheme says whether requests travel encrypted, in any case", "[s3][endpoint]") {
    for (const std::string endpoint : {"", "https://host", "HTTPS://host", "Https://host/http://"}) {
        CHECK(is_over_tls(options_for(endpoint)));
    }
    for (const std::string endpoint : {"http://host", "HTTP://host", "hTTp://host/https://"}) {
        CHECK_FALSE(is_over_tls(options_for(endpoint)));
    }
}

TEST_CASE("refusing an endpoint does not tell the password in it", "[s3][endpoint]") {
    for (const std::string endpoint :
         {"https://user:canary@host", "https://user:canary@host/?a=b", "user:canary@host",
          "https://user:canary@ho st", "https://host/?signature=canary", "canary://x@y"}) {
        const auto resolved = resolve(options_for(endpoint));
        REQUIRE_FALSE(resolved.ok());
        CHECK(resolved.error().message().find("canary") == std::string_view::npos);
    }
}

TEST_CASE("object_target encodes the key once and keeps its segments", "[s3][endpoint]") {
    const Endpoint path_style{"http", "localhost:9000", "/bucket"};
    const Endpoint virtual_host{"https", "bucket.s3.us-east-1.amazonaws.com", ""};

    CHECK(object_target(path_style, "a b+c%/é", {}).path == "/bucket/a%20b%2Bc%25/%C3%A9");
    CHECK(object_target(path_style, "a b", {}).url == "http://localhost:9000/bucket/a%20b");
    CHECK(object_target(path_style, "//a/./../b/", {}).path == "/bucket///a/./../b/");
    CHECK(object_target(virtual_host, "//a", {}).url == "https://bucket.s3.us-east-1.amazonaws.com///a");
    CHECK(object_target(virtual_host, "what?x=y#z", {}).path == "/what%3Fx%3Dy%23z");
}

TEST_CASE("object_target names the bucket itself by the empty key", "[s3][endpoint]") {
    const std::vector<filestore::s3::NameValue> query{{"prefix", "a/b c"}, {"list-type", "2"}};
    const auto of_path = object_target({"http", "localhost", "/s3/bucket"}, "", query);
    CHECK(of_path.path == "/s3/bucket");
    CHECK(of_path.url == "http://localhost/s3/bucket?list-type=2&prefix=a%2Fb%20c");

    const auto of_host = object_target({"https", "bucket.example", ""}, "", query);
    CHECK(of_host.path == "/");
    CHECK(of_host.url == "https://bucket.example/?list-type=2&prefix=a%2Fb%20c");
}

TEST_CASE("a bucket that turned out to be in another region has that region's host", "[s3][endpoint]") {
    const auto host_of = [](const S3Options& options, std::string_view learned) {
        return resolve_endpoint(options, options.bucket, learned).value().host;
    };
    const S3Options given = options_for("http://s3.us-east-1.amazonaws.com:8080");
    CHECK(host_of(given, "eu-west-1") == "s3.eu-west-1.amazonaws.com:8080");
    CHECK(host_of(given, "us-east-1") == "s3.us-east-1.amazonaws.com:8080");
    CHECK(host_of(given, "") == "s3.us-east-1.amazonaws.com:8080");
    CHECK(host_of(options_for("https://s3.amazonaws.com", "bucket", S3Addressing::virtual_host),
                  "eu-west-1") == "bucket.s3.eu-west-1.amazonaws.com");
    CHECK(host_of(options_for(""), "eu-west-1") == "bucket.s3.eu-west-1.amazonaws.com");
    CHECK(host_of(options_for("http://localhost:9000"), "eu-west-1") == "localhost:9000");
    // What was configured is not mended before a server says so.
    S3Options other = options_for("https://s3.us-east-1.amazonaws.com");
    other.region = "eu-west-1";
    CHECK(host_of(other, "") == "s3.us-east-1.amazonaws.com");
}
