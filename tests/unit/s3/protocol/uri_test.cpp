#include "s3/protocol/uri.h"

#include <catch2/catch.hpp>
#include <string>

using filestore::s3::canonical_query;
using filestore::s3::NameValue;
using filestore::s3::Slash;
using filestore::s3::uri_encode;

TEST_CASE("uri_encode keeps the unreserved characters and no other byte", "[s3][uri]") {
    const std::string unreserved = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
    CHECK(uri_encode(unreserved, Slash::encode) == unreserved);

    const std::string digits = "0123456789ABCDEF";
    for (unsigned byte = 0; byte < 256; ++byte) {
        const std::string text(1, static_cast<char>(byte));
        if (unreserved.find(text) != std::string::npos) {
            continue;
        }
        const std::string expected{'%', digits[byte >> 4U], digits[byte & 15U]};
        CHECK(uri_encode(text, Slash::encode) == expected);
    }
}

TEST_CASE("uri_encode treats slashes as told, and nothing else as special", "[s3][uri]") {
    CHECK(uri_encode("/a//b/", Slash::keep) == "/a//b/");
    CHECK(uri_encode("/a//b/", Slash::encode) == "%2Fa%2F%2Fb%2F");
    CHECK(uri_encode("./a/../b", Slash::keep) == "./a/../b");
    CHECK(uri_encode("%2F", Slash::keep) == "%252F");
    CHECK(uri_encode("書", Slash::keep) == "%E6%9B%B8");
    CHECK(uri_encode("", Slash::keep).empty());
}

TEST_CASE("canonical_query sorts by encoded name, then encoded value", "[s3][uri]") {
    struct Row {
        std::vector<NameValue> parameters;
        std::string expected;
    };
    const std::vector<Row> rows = {
        {{}, ""},
        {{{"uploads", ""}}, "uploads="},
        {{{"b", "1"}, {"a", "2"}}, "a=2&b=1"},
        {{{"tag", "b"}, {"tag", "a"}, {"tag", ""}}, "tag=&tag=a&tag=b"},
        // The name alone decides: '=' is no part of it, or "a-b" would come before "a".
        {{{"a-b", "1"}, {"a", "2"}}, "a=2&a-b=1"},
        // Encoded, not decoded: "%C3..." is less than "A".
        {{{"A", "1"}, {"é", "2"}}, "%C3%A9=2&A=1"},
        {{{"x y", "a+b/c=d&e"}}, "x%20y=a%2Bb%2Fc%3Dd%26e"},
    };
    for (const Row& row : rows) {
        CHECK(canonical_query(row.parameters) == row.expected);
    }
}
