#include "s3/protocol/aws_host.h"

#include <catch2/catch.hpp>
#include <string>

using namespace filestore::s3;

TEST_CASE("the domain of AWS that a host lies in", "[s3][endpoint]") {
    CHECK(aws_domain_of("s3.us-east-1.amazonaws.com") == "amazonaws.com");
    CHECK(aws_domain_of("amazonaws.com") == "amazonaws.com");
    CHECK(aws_domain_of("bucket.s3.cn-north-1.amazonaws.com.cn") == "amazonaws.com.cn");
    CHECK(aws_domain_of("s3.us-isob-east-1.sc2s.sgov.gov") == "sc2s.sgov.gov");
    CHECK(aws_domain_of("evilamazonaws.com").empty());
    CHECK(aws_domain_of("amazonaws.com.evil.example").empty());
    CHECK(aws_domain_of("localhost").empty());
    CHECK(aws_domain_of("").empty());
}

TEST_CASE("a host of AWS in another region", "[s3][endpoint]") {
    struct Row {
        std::string host;
        std::string region;
        std::string expected;
    };
    const Row row = GENERATE(values<Row>({
        {"s3.us-east-1.amazonaws.com", "eu-west-1", "s3.eu-west-1.amazonaws.com"},
        {"s3.amazonaws.com", "eu-west-1", "s3.eu-west-1.amazonaws.com"},
        {"s3-us-west-2.amazonaws.com", "eu-west-1", "s3.eu-west-1.amazonaws.com"},
        {"s3-external-1.amazonaws.com", "eu-west-1", "s3.eu-west-1.amazonaws.com"},
        {"s3.dualstack.us-east-1.amazonaws.com", "eu-west-1", "s3.dualstack.eu-west-1.amazonaws.com"},
        {"s3-fips.us-east-1.amazonaws.com", "us-west-2", "s3-fips.us-west-2.amazonaws.com"},
        {"s3-fips.dualstack.us-east-1.amazonaws.com", "us-west-2",
         "s3-fips.dualstack.us-west-2.amazonaws.com"},
        {"bucket.s3.us-east-1.amazonaws.com", "eu-west-1", "bucket.s3.eu-west-1.amazonaws.com"},
        {"bucket.s3.amazonaws.com", "eu-west-1", "bucket.s3.eu-west-1.amazonaws.com"},
        {"my.bucket.s3-us-west-2.amazonaws.com", "eu-west-1", "my.bucket.s3.eu-west-1.amazonaws.com"},
        {"s3.cn-north-1.amazonaws.com.cn", "cn-northwest-1", "s3.cn-northwest-1.amazonaws.com.cn"},
        {"s3.us-east-1.amazonaws.com", "EU-west-1", "s3.eu-west-1.amazonaws.com"},
        // Hosts of no region, or of no bucket.
        {"s3-accelerate.amazonaws.com", "eu-west-1", "s3-accelerate.amazonaws.com"},
        {"s3-accelerate.dualstack.amazonaws.com", "eu-west-1", "s3-accelerate.dualstack.amazonaws.com"},
        {"s3-website-us-east-1.amazonaws.com", "eu-west-1", "s3-website-us-east-1.amazonaws.com"},
        {"bucket.vpce-1a2b.s3.us-east-1.vpce.amazonaws.com", "eu-west-1",
         "bucket.vpce-1a2b.s3.us-east-1.vpce.amazonaws.com"},
        {"name-1.s3-accesspoint.us-east-1.amazonaws.com", "eu-west-1",
         "name-1.s3-accesspoint.us-east-1.amazonaws.com"},
        {"amazonaws.com", "eu-west-1", "amazonaws.com"},
        // Another partition, another operator.
        {"s3.us-east-1.amazonaws.com", "cn-north-1", "s3.us-east-1.amazonaws.com"},
        {"s3.cn-north-1.amazonaws.com.cn", "us-east-1", "s3.cn-north-1.amazonaws.com.cn"},
        {"s3.us-east-1.example.com", "eu-west-1", "s3.us-east-1.example.com"},
        {"10.0.0.1", "eu-west-1", "10.0.0.1"},
        {"[::1]", "eu-west-1", "[::1]"},
    }));
    INFO(row.host << " in " << row.region);
    CHECK(aws_host_in_region(row.host, row.region) == row.expected);
}
