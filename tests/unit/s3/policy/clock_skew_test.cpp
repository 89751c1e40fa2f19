#include "s3/policy/clock_skew.h"

#include <catch2/catch.hpp>

#include "core/http_date.h"

using filestore::format_http_date;
using filestore::parse_timestamp;
using filestore::Timestamp;
using namespace filestore::s3;
using namespace std::chrono_literals;

namespace {

const Timestamp server_time = parse_timestamp("2026-01-31T12:00:00Z").value();
const std::string server_date = format_http_date(server_time);

}  // namespace

TEST_CASE("a wrong clock is learned from an answer that says so", "[s3][clock_skew]") {
    for (const std::chrono::seconds off : {-86'400s, -7'200s, -600s, -16s, 16s, 600s, 7'200s, 86'400s}) {
        INFO(off.count());
        ClockSkew skew;
        const Timestamp now = server_time + off;
        CHECK(skew.corrected(now) == now);
        CHECK(skew.learn("RequestTimeTooSkewed", server_date, now, now));
        CHECK(skew.corrected(now) == server_time);
        // The same answer again: the clock is not what is wrong.
        CHECK_FALSE(skew.learn("RequestTimeTooSkewed", server_date, now + 1s, server_time));
        CHECK(skew.corrected(now) == server_time);
    }
}

TEST_CASE("what one answer has taught holds for all requests that were signed before", "[s3][clock_skew]") {
    ClockSkew skew;
    const Timestamp now = server_time + 2h;
    CHECK(skew.learn("RequestTimeTooSkewed", server_date, now, now));
    CHECK(skew.learn("RequestTimeTooSkewed", server_date, now, now));
    CHECK(skew.corrected(now) == server_time);
}

TEST_CASE("more than a day is not believed", "[s3][clock_skew]") {
    for (const std::chrono::seconds off : {-86'401s, 86'401s, -31'536'000s, 31'536'000s, 47 * 31'536'000s}) {
        INFO(off.count());
        ClockSkew skew;
        CHECK_FALSE(skew.learn("RequestTimeTooSkewed", server_date, server_time + off, server_time + off));
        CHECK(skew.skew() == 0s);
    }
}

TEST_CASE("nothing else teaches a skew", "[s3][clock_skew]") {
    ClockSkew skew;
    const Timestamp now = server_time + 2h;
    for (const char* const code : {"", "AccessDenied", "SignatureDoesNotMatch", "SlowDown", "InternalError",
                                   "ExpiredToken", "requesttimetooskewed"}) {
        INFO(code);
        CHECK_FALSE(skew.learn(code, server_date, now, now));
    }
    CHECK_FALSE(skew.learn("RequestTimeTooSkewed", "", now, now));
    CHECK_FALSE(skew.learn("RequestTimeTooSkewed", "today", now, now));
    skew.on_accepted(server_date, now);
    CHECK(skew.skew() == 0s);
    CHECK(is_clock_error("RequestExpired"));
    CHECK(skew.learn("RequestExpired", server_date, now, now));
}

TEST_CASE("a clock that was set right is trusted again", "[s3][clock_skew]") {
    ClockSkew skew;
    const Timestamp now = server_time + 1h;
    REQUIRE(skew.learn("RequestTimeTooSkewed", server_date, now, now));
    // As long as answers show the same skew it stays.
    for (int answer = 0; answer < 100; ++answer) {
        skew.on_accepted(server_date, now + 2s);
        skew.on_accepted("", now);
    }
    CHECK(skew.skew() == -1h);
    skew.on_accepted(server_date, server_time);
    CHECK(skew.skew() == -30min);
    for (int answer = 0; answer < 6; ++answer) {
        skew.on_accepted(server_date, server_time);
    }
    CHECK(skew.skew() == 0s);
}
