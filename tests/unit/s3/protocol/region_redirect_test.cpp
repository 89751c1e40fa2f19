#include "s3/protocol/region_redirect.h"

#include <catch2/catch.hpp>

using namespace filestore::s3;

namespace {

using Headers = std::vector<NameValue>;

std::string error_xml(const std::string& code, const std::string& more) {
    return "<?xml version=\"1.0\"?><Error><Code>" + code + "</Code>" + more + "</Error>";
}

std::optional<std::string> region_after(int status, const Headers& headers, const std::string& body,
                                        std::string_view host = "bucket.s3.us-east-1.amazonaws.com") {
    return redirected_region({status, headers, body, host, "us-east-1"});
}

const Headers none;
const Headers hint{{"x-amz-bucket-region", "eu-west-1"}};
const std::string malformed = error_xml("AuthorizationHeaderMalformed", "<Region>eu-west-1</Region>");

}  // namespace

TEST_CASE("where an answer says that the bucket is", "[s3][region_redirect]") {
    CHECK(region_after(301, hint, "") == "eu-west-1");
    CHECK(region_after(307, hint, "") == "eu-west-1");
    CHECK(region_after(400, hint, "") == "eu-west-1");
    CHECK(region_after(400, none, malformed) == "eu-west-1");
    CHECK(region_after(301, none,
                       error_xml("PermanentRedirect",
                                 "<Endpoint>bucket.s3.eu-west-1.amazonaws.com</Endpoint>")) == "eu-west-1");
    CHECK(region_after(
              301, none,
              error_xml("PermanentRedirect", "<Endpoint>bucket.s3-eu-west-1.amazonaws.com:443</Endpoint>")) ==
          "eu-west-1");
    CHECK(region_after(301, hint, error_xml("PermanentRedirect", "<Region>other</Region>")) == "eu-west-1");
    CHECK(region_after(400, none,
                       error_xml("IllegalLocationConstraintException", "<Region>eu-west-1</Region>"),
                       "minio:9000") == "eu-west-1");
}

TEST_CASE("an answer without a hint, or with one that leads nowhere", "[s3][region_redirect]") {
    CHECK_FALSE(region_after(301, none, ""));
    CHECK_FALSE(region_after(301, none, "<html/>"));
    CHECK_FALSE(region_after(301, {{"x-amz-bucket-region", "us-east-1"}}, ""));
    CHECK_FALSE(region_after(301, {{"x-amz-bucket-region", "evil.example/"}}, ""));
    CHECK_FALSE(region_after(301, {{"x-amz-bucket-region", "a b"}}, ""));
    CHECK_FALSE(region_after(301, {{"x-amz-bucket-region", std::string(33, 'a')}}, ""));
    CHECK_FALSE(region_after(301, none,
                             error_xml("PermanentRedirect", "<Endpoint>bucket.s3.amazonaws.com</Endpoint>")));
    // Other answers bear the header as well: they are no redirects.
    for (const int status : {200, 403, 404, 500, 503}) {
        CHECK_FALSE(region_after(status, hint, ""));
    }
    CHECK_FALSE(region_after(400, hint, error_xml("InvalidArgument", "<Region>eu-west-1</Region>")));
}

TEST_CASE("credentials never follow a redirect to another operator", "[s3][region_redirect]") {
    const auto endpoint = [](const std::string& host) {
        return error_xml("PermanentRedirect", "<Endpoint>" + host + "</Endpoint><Region>eu-west-1</Region>");
    };
    CHECK_FALSE(region_after(301, hint, endpoint("bucket.evil.example")));
    CHECK_FALSE(region_after(301, hint, endpoint("amazonaws.com.evil.example")));
    CHECK_FALSE(region_after(301, hint, endpoint("evilamazonaws.com")));
    CHECK_FALSE(region_after(301, hint, endpoint("s3.cn-north-1.amazonaws.com.cn")));
    CHECK_FALSE(region_after(301, hint, endpoint("s3.eu-west-1.amazonaws.com"), "minio.example:9000"));
    CHECK(region_after(301, hint, endpoint("minio.example"), "minio.example:9000") == "eu-west-1");
}

TEST_CASE("hosts of one endpoint", "[s3][region_redirect]") {
    CHECK(same_endpoint_domain("s3.us-east-1.amazonaws.com", "b.S3.eu-west-1.AMAZONAWS.com:443"));
    CHECK(same_endpoint_domain("s3.cn-north-1.amazonaws.com.cn", "s3.cn-northwest-1.amazonaws.com.cn"));
    CHECK(same_endpoint_domain("[::1]:9000", "[::1]"));
    CHECK_FALSE(same_endpoint_domain("[::1]:9000", "[::2]:9000"));
    CHECK_FALSE(same_endpoint_domain("a.example", "b.example"));
    CHECK_FALSE(same_endpoint_domain("", ""));
}
