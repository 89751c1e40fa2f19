#include "filestore/time.h"

#include <catch2/catch.hpp>
#include <chrono>
#include <random>
#include <string>

using filestore::ErrorCode;
using filestore::format_timestamp;
using filestore::parse_timestamp;
using filestore::Timestamp;
using std::chrono::microseconds;

namespace {

Timestamp at(std::int64_t microseconds_since_1970) {
    return Timestamp(microseconds(microseconds_since_1970));
}

}  // namespace

TEST_CASE("times are written in UTC with six digits of fraction", "[time]") {
    CHECK(format_timestamp(at(0)) == "1970-01-01T00:00:00.000000Z");
    CHECK(format_timestamp(at(1)) == "1970-01-01T00:00:00.000001Z");
    CHECK(format_timestamp(at(-1)) == "1969-12-31T23:59:59.999999Z");
    CHECK(format_timestamp(at(1'709'210'096'123'456)) == "2024-02-29T12:34:56.123456Z");
    CHECK(format_timestamp(at(253'402'300'799'999'999)) == "9999-12-31T23:59:59.999999Z");
    CHECK(format_timestamp(at(-62'167'219'200'000'000)) == "0000-01-01T00:00:00.000000Z");
}

TEST_CASE("a time that four digits of a year cannot say is written as the nearest one", "[time]") {
    CHECK(format_timestamp(Timestamp::max()) == "9999-12-31T23:59:59.999999Z");
    CHECK(format_timestamp(Timestamp::min()) == "0000-01-01T00:00:00.000000Z");
}

TEST_CASE("RFC 3339 times are read", "[time]") {
    struct Row {
        const char* text;
        const char* utc;
    };
    const Row rows[] = {
        {"1970-01-01T00:00:00Z", "1970-01-01T00:00:00.000000Z"},
        {"2026-01-31t23:59:59z", "2026-01-31T23:59:59.000000Z"},
        {"2026-01-31T23:59:59.000001Z", "2026-01-31T23:59:59.000001Z"},
        {"2026-01-31T23:59:59.5Z", "2026-01-31T23:59:59.500000Z"},
        {"2026-01-31T23:59:59.123456789Z", "2026-01-31T23:59:59.123456Z"},
        {"2026-01-31T23:59:59.999999999Z", "2026-01-31T23:59:59.999999Z"},
        {"1969-12-31T23:59:59.999999999Z", "1969-12-31T23:59:59.999999Z"},
        {"2026-01-31T23:59:59+00:00", "2026-01-31T23:59:59.000000Z"},
        {"2026-01-31T23:59:59-00:00", "2026-01-31T23:59:59.000000Z"},
        {"2026-01-31T23:59:59+05:30", "2026-01-31T18:29:59.000000Z"},
        {"2026-01-31T23:59:59-08:00", "2026-02-01T07:59:59.000000Z"},
        {"2026-03-01T00:30:00+01:00", "2026-02-28T23:30:00.000000Z"},
        {"2024-02-29T00:00:00Z", "2024-02-29T00:00:00.000000Z"},
        {"2016-12-31T23:59:60Z", "2017-01-01T00:00:00.000000Z"},
        {"2016-12-31T15:59:60.25-08:00", "2017-01-01T00:00:00.250000Z"},
        {"0000-01-01T00:00:00Z", "0000-01-01T00:00:00.000000Z"},
    };
    for (const Row& row : rows) {
        INFO(row.text);
        const auto time = parse_timestamp(row.text);
        REQUIRE(time.ok());
        CHECK(format_timestamp(*time) == row.utc);
    }
}

TEST_CASE("anything else is no time", "[time]") {
    const std::string rows[] = {
        "",
        "now",
        "2026-01-31",
        "2026-01-31T23:59:59",
        "2026-01-31 23:59:59Z",
        "2026-01-31T23:59Z",
        "2026-1-31T23:59:59Z",
        "26-01-31T23:59:59Z",
        "02026-01-31T23:59:59Z",
        "+2026-01-31T23:59:59Z",
        "-2026-01-31T23:59:59Z",
        "2026-00-31T23:59:59Z",
        "2026-13-31T23:59:59Z",
        "2026-01-00T23:59:59Z",
        "2026-02-29T23:59:59Z",
        "2100-02-29T23:59:59Z",
        "2026-04-31T23:59:59Z",
        "2026-01-31T24:00:00Z",
        "2026-01-31T23:60:00Z",
        "2026-01-31T23:59:61Z",
        "2026-01-31T22:59:60Z",
        "2026-01-31T23:59:60+01:00",
        "2026-01-31T23:59:59.Z",
        "2026-01-31T23:59:59,5Z",
        "2026-01-31T23:59:59.1234567890Z",
        "2026-01-31T23:59:59+0530",
        "2026-01-31T23:59:59+05",
        "2026-01-31T23:59:59+24:00",
        "2026-01-31T23:59:59+05:60",
        "2026-01-31T23:59:59ZZ",
        "2026-01-31T23:59:59Z ",
        " 2026-01-31T23:59:59Z",
        std::string("2026-01-31T23:59:59Z\0", 21),
        "2026-01-31T-1:59:59Z",
        "2026-01-31T23:59:5\xEF\xBC\x99Z",
        "0000-01-01T00:00:00+00:01",
        "9999-12-31T23:59:59-00:01",
        "9999-12-31T23:59:60Z",
    };
    for (const std::string& text : rows) {
        INFO(text);
        const auto time = parse_timestamp(text);
        REQUIRE_FALSE(time.ok());
        CHECK(time.error().code() == ErrorCode::invalid_argument);
    }
}

TEST_CASE("a written time reads back as itself", "[time]") {
    std::mt19937_64 random(20260131);
    std::uniform_int_distribution<std::int64_t> times(-62'167'219'200'000'000, 253'402'300'799'999'999);
    for (int i = 0; i < 2000; ++i) {
        const Timestamp time = at(times(random));
        const auto read = parse_timestamp(format_timestamp(time));
        REQUIRE(read.ok());
        REQUIRE(*read == time);
    }
}

TEST_CASE("the system's clock tells the time of day", "[time]") {
    const auto before = std::chrono::floor<microseconds>(std::chrono::system_clock::now());
    const Timestamp now = filestore::system_clock()->now();
    const auto after = std::chrono::system_clock::now();
    CHECK(before <= now);
    CHECK(now <= after);
}
