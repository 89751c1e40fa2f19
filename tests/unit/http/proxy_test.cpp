#include "http/proxy.h"

#include <catch2/catch.hpp>

using namespace filestore::http;

TEST_CASE("the host of a URL", "[proxy]") {
    CHECK(host_of("http://store.test/key") == "store.test");
    CHECK(host_of("https://store.test:9000") == "store.test");
    CHECK(host_of("https://store.test?prefix=http://x/") == "store.test");
    CHECK(host_of("http://[fd00:ec2::254]:80/x") == "fd00:ec2::254");
    CHECK(host_of("http://[::1") == "::1");
    CHECK(host_of("http://user:word@store.test:1/a@b") == "store.test");
    CHECK(host_of("").empty());
}

TEST_CASE("hosts that are never proxied", "[proxy]") {
    for (const char* host : {"localhost", "LOCALHOST", "127.0.0.1", "127.255.0.9", "::1", "0:0:0:0:0:0:0:1",
                             "169.254.169.254", "169.254.170.23", "fd00:ec2::254", "fd00:0ec2:1::23"}) {
        INFO(host);
        CHECK(is_never_proxied(host));
    }
    for (const char* host : {"", "store.test", "localhost.test", "127.0.0.1.test", "128.0.0.1", "169.253.1.1",
                             "169.255.1.1", "::2", "fd00:ec3::1", "fe80::1", "127.1"}) {
        INFO(host);
        CHECK_FALSE(is_never_proxied(host));
    }
}
