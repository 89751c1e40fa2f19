#include "core/base_url.h"

#include <catch2/catch.hpp>
#include <string>

using filestore::can_be_read_on_the_way;
using filestore::fault_of_base_url;
using filestore::without_last_slashes;

TEST_CASE("what is no URL of a server", "[base_url]") {
    const auto url =
        GENERATE(as<std::string>(), "", "api.example", "ftp://api.example", "HTTPS://api.example", "https://",
                 "https:///v1", "https://:443", "https://a b", "https://u@a", "https://a?x", "https://a#x",
                 "https://a\n", "https://a\\b", "https://a:99999", "https://a:65536/v1", "https://a:abc",
                 "https://a:", "https://a:-1", "https://a:1:2", "https://[::1].evil", "https://[::1",
                 "https://[::1]8", "https://[::1]:x");
    CAPTURE(url);
    CHECK(fault_of_base_url(without_last_slashes(url)));
}

TEST_CASE("what is sent to a URL can be read on the way, unless it stays here or is encrypted",
          "[base_url]") {
    struct Case {
        const char* url;
        bool can_be_read;
    };
    const auto given = GENERATE(values<Case>({
        {"https://api.example/v1", false},
        {"http://api.example/v1", true},
        {"http://localhost", false},
        {"http://localhost:8080/v1", false},
        {"http://localhost.example", true},
        {"http://127.0.0.1:80", false},
        {"http://127.0.0.1.example", true},
        {"http://[::1]:80/v1", false},
        {"http://[::2]", true},
        {"https://api.example:65535/v1", false},
    }));
    CAPTURE(given.url);
    CHECK_FALSE(fault_of_base_url(given.url));
    CHECK(can_be_read_on_the_way(given.url) == given.can_be_read);
}

TEST_CASE("slashes at the end of a URL go, but those of its scheme", "[base_url]") {
    CHECK(without_last_slashes("https://a/v1//") == "https://a/v1");
    CHECK(without_last_slashes("https://a") == "https://a");
    CHECK(without_last_slashes("https://") == "https://");
    CHECK(without_last_slashes("a/") == "a");
}
