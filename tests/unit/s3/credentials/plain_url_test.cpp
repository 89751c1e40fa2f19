#include "s3/credentials/plain_url.h"

#include <catch2/catch.hpp>

using namespace filestore;
using namespace filestore::s3;

namespace {

/// `authority target` in words; the code's name where it fails.
std::string said(std::string_view url) {
    const auto parsed = parse_plain_url(url, "the endpoint");
    if (!parsed.ok()) {
        CHECK(parsed.error().message().find("canary") == std::string_view::npos);
        return std::string(to_string(parsed.error().code()));
    }
    return std::string(parsed->is_tls ? "tls " : "plain ") + parsed->authority + " " + parsed->target;
}

bool allowed(std::string_view url) {
    const auto parsed = parse_plain_url(url, "the endpoint");
    return parsed.ok() && may_give_keys(*parsed);
}

}  // namespace

TEST_CASE("a URL is taken apart", "[s3][credentials]") {
    CHECK(said("http://host") == "plain host /");
    CHECK(said("HTTPS://Host.example:443/A/b?c=d&e") == "tls host.example /A/b?c=d&e");
    CHECK(said("https://host:80") == "tls host:80 /");
    CHECK(said("http://host:80/") == "plain host /");
    CHECK(said("http://host:8080?a") == "plain host:8080 /?a");
    CHECK(said("http://[FD00:ec2::23]/v1/credentials") == "plain [fd00:ec2::23] /v1/credentials");
    CHECK(said("http://[::1]:8080") == "plain [::1]:8080 /");
}

TEST_CASE("a URL that could be read in two ways is refused without being repeated", "[s3][credentials]") {
    for (const char* url : {"",
                            "canary",
                            "host/canary",
                            "ftp://host/canary",
                            "http://",
                            "http:///canary",
                            "http://user@host/canary",
                            "http://127.0.0.1@evil.example/canary",
                            "http://127.0.0.1\\@evil.example/canary",
                            "http://host/canary#x",
                            "http://host#@evil.example/canary",
                            "http://ho st/canary",
                            "http://host/can ary\r\nx",
                            "http://h\xC3\xA4st/canary",
                            "http://host:/canary",
                            "http://host:0/canary",
                            "http://host:65536/canary",
                            "http://host:8a/canary",
                            "http://host:1:2/canary",
                            "http://[::1/canary",
                            "http://[::1]8080/canary",
                            "http://[host]/canary",
                            "http://::1/canary",
                            "http://%31/canary"}) {
        INFO(url);
        CHECK(said(url) == "configuration");
    }
}

TEST_CASE("keys are asked over TLS, from this machine and from container agents only", "[s3][credentials]") {
    for (const char* url :
         {"https://agent.example/keys", "http://127.0.0.1/keys", "http://127.8.9.1:80/keys",
          "http://localhost:51679/keys", "http://[::1]/keys", "http://[0:0:0:0:0:0:0:1]/keys",
          "http://169.254.170.2/keys", "http://169.254.170.23/v1/credentials",
          "http://[fd00:ec2::23]/v1/credentials", "http://[fd00:0ec2:0::0023]:80/"}) {
        INFO(url);
        CHECK(allowed(url));
    }
    for (const char* url :
         {"http://agent.example/keys", "http://169.254.169.254/keys", "http://169.254.170.3/",
          "http://10.0.0.1/", "http://128.0.0.1/", "http://0.0.0.0/", "http://127.1/", "http://2130706433/",
          "http://0x7f.0.0.1/", "http://127.0.0.1.evil.example/", "http://localhost.evil.example/",
          "http://[fd00:ec2::254]/", "http://[::ffff:127.0.0.1]/", "http://[fe80::1]/"}) {
        INFO(url);
        CHECK_FALSE(allowed(url));
    }
}
