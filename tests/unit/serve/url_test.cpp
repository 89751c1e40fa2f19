#include "serve/url.h"

#include <catch2/catch.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

using namespace filestore::tool::serve;

TEST_CASE("targets of requests") {
    struct Case {
        std::string text;
        std::string path;
        std::optional<std::string> authority;
    };
    const Case cases[] = {
        {"/healthz", "/healthz", {}},
        {"/http://a/b", "/http://a/b", {}},
        {"*", "*", {}},
        {"", "", {}},
        {"http://files.example:81/a/b%2F", "/a/b%2F", "files.example:81"},
        {"HTTPS://[::1]:8443/", "/", "[::1]:8443"},
        {"http://files.example", "/", "files.example"},
        {"http:///a", "/a", ""},
        {"http://user@files.example//a", "//a", "user@files.example"},
        {"ftp://files.example/a", "ftp://files.example/a", {}},
        {"http:/a", "http:/a", {}},
    };
    for (const Case& one : cases) {
        CAPTURE(one.text);
        const RequestTarget target = parse_target(one.text);
        CHECK(target.path == one.path);
        CHECK(target.authority == one.authority);
    }
}

TEST_CASE("queries") {
    using Parameters = std::vector<std::pair<std::string, std::string>>;
    const std::pair<std::string, Parameters> cases[] = {
        {"", {}},
        {"a", {{"a", ""}}},
        {"a=", {{"a", ""}}},
        {"=a", {{"", "a"}}},
        {"a=b&a=c", {{"a", "b"}, {"a", "c"}}},
        {"&&a&&b=c&", {{"a", ""}, {"b", "c"}}},
        {"a=b=c?d", {{"a", "b=c?d"}}},
        {"a+b=c+%2B&%61%3D=%26%00x", {{"a b", "c +"}, {"a=", std::string("&\0x", 3)}}},
    };
    for (const auto& [query, parameters] : cases) {
        CAPTURE(query);
        CHECK(parse_query(query) == parameters);
    }
}

TEST_CASE("URLs with another host") {
    CHECK(with_host("http://0.0.0.0:80/a?b=c", "files.example") == "http://files.example/a?b=c");
    CHECK(with_host("https://[::]:8443", "[::1]:8443") == "https://[::1]:8443");
    for (const std::string host : {"files.example", "FILES_1.example.:81", "[2001:db8::1]:81"}) {
        CAPTURE(host);
        CHECK(is_host(host));
    }
    for (const std::string host :
         {"", "a b", "a/b", "a?b", "a#b", "u@a", "a\\b", "a%41", "\"a", "a,b", "\u00FC"}) {
        CAPTURE(host);
        CHECK_FALSE(is_host(host));
    }
}
