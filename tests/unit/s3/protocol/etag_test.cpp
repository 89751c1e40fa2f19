#include "s3/protocol/etag.h"

#include <catch2/catch.hpp>

using namespace filestore::s3;

TEST_CASE("quotes around ETags", "[s3][etag]") {
    struct Row {
        const char* given;
        const char* unquoted;
        const char* quoted;
    };
    const Row rows[] = {
        {"\"abc\"", "abc", "\"abc\""},
        {"abc", "abc", "\"abc\""},
        {"\"\"", "", "\"\""},
        {"\"", "\"", "\"\"\""},
        {"W/\"abc\"", "W/\"abc\"", "W/\"abc\""},
        {"*", "*", "*"},
        {"abc-2", "abc-2", "\"abc-2\""},
    };
    for (const Row& row : rows) {
        INFO(row.given);
        CHECK(unquoted_etag(row.given) == row.unquoted);
        CHECK(quoted_etag(row.given) == row.quoted);
    }
    CHECK(is_weak_etag("W/\"abc\""));
    CHECK_FALSE(is_weak_etag("\"W/abc\""));
    CHECK_FALSE(is_weak_etag("abc"));
}
