#include "core/http_date.h"

#include <catch2/catch.hpp>

using filestore::ErrorCode;
using filestore::format_http_date;
using filestore::format_timestamp;
using filestore::parse_http_date;
using filestore::parse_timestamp;

TEST_CASE("dates of HTTP", "[http_date]") {
    struct Row {
        const char* text;
        const char* time;
    };
    const Row rows[] = {
        {"Sun, 06 Nov 1994 08:49:37 GMT", "1994-11-06T08:49:37.000000Z"},
        {"Thu, 01 Jan 1970 00:00:00 GMT", "1970-01-01T00:00:00.000000Z"},
        {"Thu, 29 Feb 2024 23:59:59 GMT", "2024-02-29T23:59:59.000000Z"},
        {"Sat, 31 Dec 2016 23:59:60 GMT", "2017-01-01T00:00:00.000000Z"},
        {"Fri, 31 Dec 9999 23:59:59 GMT", "9999-12-31T23:59:59.000000Z"},
    };
    for (const Row& row : rows) {
        INFO(row.text);
        const auto time = parse_http_date(row.text);
        REQUIRE(time.ok());
        CHECK(format_timestamp(*time) == row.time);
    }
}

TEST_CASE("what is no date of HTTP", "[http_date]") {
    for (const char* text :
         {"", "yesterday", "Sun, 06 Nov 1994 08:49:37", "Sun, 06 Nov 1994 08:49:37 UTC",
          "Sun, 06 Nov 1994 08:49:37 GMT ", " Sun, 06 Nov 1994 08:49:37 GMT", "Sun, 6 Nov 1994 08:49:37 GMT",
          "Sun, 06 nov 1994 08:49:37 GMT", "Sun, 06 Xyz 1994 08:49:37 GMT", "Sun, 00 Nov 1994 08:49:37 GMT",
          "Sun, 31 Nov 1994 08:49:37 GMT", "Thu, 29 Feb 2023 00:00:00 GMT", "Sun, 06 Nov 1994 24:00:00 GMT",
          "Sun, 06 Nov 1994 08:60:00 GMT", "Sun, 06 Nov 1994 08:49:61 GMT", "Sunday, 06-Nov-94 08:49:37 GMT",
          "Sun Nov  6 08:49:37 1994", "1994-11-06T08:49:37Z", "Sun, -6 Nov 1994 08:49:37 GMT"}) {
        INFO(text);
        const auto time = parse_http_date(text);
        REQUIRE_FALSE(time.ok());
        CHECK(time.error().code() == ErrorCode::corrupt);
    }
}

TEST_CASE("a time as a date of HTTP", "[http_date]") {
    struct Row {
        const char* time;
        const char* text;
    };
    const Row rows[] = {
        {"1994-11-06T08:49:37.000000Z", "Sun, 06 Nov 1994 08:49:37 GMT"},
        {"1994-11-06T08:49:37.999999Z", "Sun, 06 Nov 1994 08:49:37 GMT"},
        {"1970-01-01T00:00:00.000000Z", "Thu, 01 Jan 1970 00:00:00 GMT"},
        {"1969-12-31T23:59:59.500000Z", "Wed, 31 Dec 1969 23:59:59 GMT"},
        {"2024-02-29T23:59:59.000000Z", "Thu, 29 Feb 2024 23:59:59 GMT"},
        {"9999-12-31T23:59:59.000000Z", "Fri, 31 Dec 9999 23:59:59 GMT"},
    };
    for (const Row& row : rows) {
        INFO(row.time);
        CHECK(format_http_date(parse_timestamp(row.time).value()) == row.text);
    }
}
