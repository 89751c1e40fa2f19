#include "filestore/schedule.h"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "support/code_of.h"

using filestore::CronSchedule;
using filestore::ErrorCode;
using filestore::Timestamp;

namespace {

template <class T>
std::string message_of(const filestore::Result<T>& result) {
    return result.ok() ? std::string() : std::string(result.error().message());
}

Timestamp at(const std::string& text) {
    const auto time = filestore::parse_timestamp(text);
    REQUIRE(time.ok());
    return *time;
}

/// The next times as "2026-03-29 01:00", in UTC.
std::vector<std::string> times(const std::string& expression, const std::string& zone,
                               const std::string& after, int count) {
    const auto schedule = CronSchedule::parse(expression, zone);
    INFO(expression << " in " << zone);
    REQUIRE(message_of(schedule).empty());
    std::vector<std::string> found;
    Timestamp time = at(after);
    for (int i = 0; i < count; ++i) {
        const auto next = schedule->next_after(time);
        if (!next) {
            found.emplace_back("none");
            break;
        }
        std::string text = filestore::format_timestamp(*next);
        CHECK(text.substr(16) == ":00.000000Z");
        found.push_back(text.replace(10, 1, " ").substr(0, 16));
        time = *next;
    }
    return found;
}

std::string next(const std::string& expression, const std::string& after) {
    return times(expression, "UTC", after, 1).front();
}

using Times = std::vector<std::string>;

}  // namespace

TEST_CASE("the next time of an expression", "[schedule]") {
    struct Case {
        const char* expression;
        const char* after;
        const char* next;
    };
    const auto c = GENERATE(values<Case>({
        {"* * * * *", "2026-01-01T00:00:00Z", "2026-01-01 00:01"},
        {"* * * * *", "2026-01-01T00:00:59.999999Z", "2026-01-01 00:01"},
        {"0 2 * * *", "2026-01-31T01:59:59.999999Z", "2026-01-31 02:00"},
        {"0 2 * * *", "2026-01-31T02:00:00Z", "2026-02-01 02:00"},
        {"0 2 * * *", "2026-01-31T02:00:00.000001Z", "2026-02-01 02:00"},
        {"*/15 * * * *", "2026-12-31T23:45:00Z", "2027-01-01 00:00"},
        {"5/15 * * * *", "2026-01-01T00:20:00Z", "2026-01-01 00:35"},
        {"1-20/5 * * * *", "2026-01-01T00:16:00Z", "2026-01-01 01:01"},
        {"*/60 * * * *", "2026-01-01T00:01:00Z", "2026-01-01 01:00"},
        {"5/60 * * * *", "2026-01-01T00:05:00Z", "2026-01-01 01:05"},
        {"0 */24 * * *", "2026-01-01T00:00:00Z", "2026-01-02 00:00"},
        {"0 0 */31 * *", "2026-01-01T00:00:00Z", "2026-02-01 00:00"},
        {"0 0 1 */12 *", "2026-01-01T00:00:00Z", "2027-01-01 00:00"},
        {"0 0 * * */7", "2026-01-01T00:00:00Z", "2026-01-04 00:00"},
        {"7,3,3 * * * *", "2026-01-01T00:03:00Z", "2026-01-01 00:07"},
        {"0 9-17 * * *", "2026-01-01T17:00:00Z", "2026-01-02 09:00"},
        {"0 0 31 * *", "2026-01-31T00:00:00Z", "2026-03-31 00:00"},
        {"0 0 29 2 *", "2026-01-01T00:00:00Z", "2028-02-29 00:00"},
        {"0 0 29 2 *", "2096-03-01T00:00:00Z", "2104-02-29 00:00"},
        {"0 0 1 jan-mar,DEC *", "2026-03-01T00:00:00Z", "2026-12-01 00:00"},
        {"0 0 * * MON-fri", "2026-01-02T00:00:00Z", "2026-01-05 00:00"},
        {"0 0 * * 0", "2026-01-01T00:00:00Z", "2026-01-04 00:00"},
        {"0 0 * * 7", "2026-01-01T00:00:00Z", "2026-01-04 00:00"},
        {"0 0 * * sat-SUN", "2026-01-03T00:00:00Z", "2026-01-04 00:00"},
        {"0 0 * * 5-7", "2026-01-03T00:00:00Z", "2026-01-04 00:00"},
        {"0 0 * * 0-7", "2026-01-03T00:00:00Z", "2026-01-04 00:00"},
        {"0 0 * * 1/3", "2026-01-05T00:00:00Z", "2026-01-08 00:00"},
        {"0 0 13 * FRI", "2026-02-01T00:00:00Z", "2026-02-06 00:00"},
        {"0 0 13 * FRI", "2026-01-10T00:00:00Z", "2026-01-13 00:00"},
        {"0 0 31 2 FRI", "2026-01-01T00:00:00Z", "2026-02-06 00:00"},
        {"0 0 */2 * 1", "2026-01-03T00:00:00Z", "2026-01-05 00:00"},
        {"0 0 */2 * 1", "2026-01-05T00:00:00Z", "2026-01-07 00:00"},
        {"\t0  2 *\t* * ", "2026-01-31T02:00:00Z", "2026-02-01 02:00"},
        {"@yearly", "2026-01-01T00:00:00Z", "2027-01-01 00:00"},
        {"@annually", "2026-01-01T00:00:00Z", "2027-01-01 00:00"},
        {"@monthly", "2026-01-01T00:00:00Z", "2026-02-01 00:00"},
        {"@weekly", "2026-01-04T00:00:00Z", "2026-01-11 00:00"},
        {"@daily", "2026-01-01T00:00:00Z", "2026-01-02 00:00"},
        {"@midnight", "2026-01-01T00:00:00Z", "2026-01-02 00:00"},
        {"@hourly", "2026-01-01T00:00:00Z", "2026-01-01 01:00"},
        {"0 0 1 1 *", "0000-01-01T00:00:00Z", "0001-01-01 00:00"},
        {"0 0 1 1 *", "1960-06-01T00:00:00Z", "1961-01-01 00:00"},
        {"0 0 31 12 *", "9998-12-30T00:00:00Z", "9998-12-31 00:00"},
        {"0 0 31 12 *", "9998-12-31T00:00:00Z", "none"},
        {"* * * * *", "9999-12-31T23:59:59Z", "none"},
    }));
    CAPTURE(c.expression, c.after);
    CHECK(next(c.expression, c.after) == c.next);
}

TEST_CASE("the ends of time are no problem", "[schedule]") {
    const auto schedule = CronSchedule::parse("0 0 * * *", "Europe/Berlin");
    REQUIRE(schedule.ok());
    CHECK(schedule->next_after(Timestamp::min()));
    CHECK_FALSE(schedule->next_after(Timestamp::max()));
}

TEST_CASE("what is no expression", "[schedule]") {
    const auto text = GENERATE(
        as<std::string>(), "", " ", "0", "0 2 * *", "0 2 * * * *", "@reboot", "@", "@DAILY", "@daily @daily",
        "60 * * * *", "* 24 * * *", "* * 0 * *", "* * 32 * *", "* * * 0 *", "* * * 13 *", "* * * * 8",
        "-1 * * * *", "+1 * * * *", "1.5 * * * *", "a * * * *", "* * * foo *", "* * * * monday",
        "* jan * * *", "1- * * * *", "-5 * * * *", "5-1 * * * *", "1-2-3 * * * *", "* * * * FRI-MON",
        "*/0 * * * *", "*/61 * * * *", "0 */25 * * *", "0 0 */32 * *", "0 0 * * */8", "*/ * * * *",
        "/5 * * * *", "*/5/5 * * * *", "*-5 * * * *", "5-* * * * *", ", * * * *", "1, * * * *", ",1 * * * *",
        "? * * * *", "* * L * *", "* * 15W * *", "* * * * 5#2", "99999999999999999999 * * * *",
        "*\n* * * * *", "0 0 30 2 *", "0 0 31 4,6,9,11 *", "0 0 30-31 2 *");
    CAPTURE(text);
    const auto schedule = CronSchedule::parse(text);
    CHECK(code_of(schedule) == ErrorCode::invalid_argument);
    CHECK_THAT(message_of(schedule), Catch::Contains("must") && !Catch::Contains("\n"));
}

TEST_CASE("what is wrong with an expression is told", "[schedule]") {
    CHECK_THAT(message_of(CronSchedule::parse("61 * * * *")),
               Catch::Contains("minute from 0 to 59") && Catch::Contains("'61'"));
    CHECK_THAT(message_of(CronSchedule::parse("0 22-2 * * *")), Catch::Contains("'22-2'"));
    CHECK_THAT(message_of(CronSchedule::parse("*/90 * * * *")), Catch::Contains("from 1 to 60"));
    CHECK_THAT(message_of(CronSchedule::parse("@dayly")), Catch::Contains("did you mean '@daily'"));
}

TEST_CASE("time zones", "[schedule]") {
    CHECK(times("0 2 * * *", "Europe/Berlin", "2026-01-10T00:00:00Z", 1) == Times{"2026-01-10 01:00"});
    CHECK(times("0 2 * * *", "Europe/Berlin", "2026-07-10T00:30:00Z", 1) == Times{"2026-07-11 00:00"});
    CHECK(times("0 0 1 * *", "Asia/Kathmandu", "2026-01-10T00:00:00Z", 1) == Times{"2026-01-31 18:15"});
    // The clock of Amsterdam was 19 minutes and 32 seconds before Greenwich.
    CHECK(CronSchedule::parse("0 12 * * *", "Europe/Amsterdam")->next_after(at("1930-01-10T00:00:00Z")) ==
          at("1930-01-10T11:40:28Z"));
    CHECK(CronSchedule::parse("0 2 * * *", "local").ok());

    const auto unknown =
        GENERATE(as<std::string>(), "", "utc+1", "Europe/Berln", "/etc/passwd", "../../etc/passwd", "Europe");
    CAPTURE(unknown);
    CHECK(code_of(CronSchedule::parse("0 2 * * *", unknown)) == ErrorCode::invalid_argument);
}

TEST_CASE("the clock is put forward", "[schedule]") {
    // In Berlin 02:00 becomes 03:00 on March 29, which is 01:00 in UTC.
    const char* night_before = "2026-03-28T12:00:00Z";
    SECTION("a time that is left out comes at the moment of the change") {
        CHECK(times("30 2 * * *", "Europe/Berlin", night_before, 2) ==
              Times{"2026-03-29 01:00", "2026-03-30 00:30"});
    }
    SECTION("several that are left out come once") {
        CHECK(times("*/10 2,4 * * *", "Europe/Berlin", "2026-03-28T23:00:00Z", 3) ==
              Times{"2026-03-29 01:00", "2026-03-29 02:00", "2026-03-29 02:10"});
    }
    SECTION("also where one of the moment itself is the same run") {
        CHECK(times("0 2,3 * * *", "Europe/Berlin", "2026-03-28T23:00:00Z", 2) ==
              Times{"2026-03-29 01:00", "2026-03-30 00:00"});
    }
    SECTION("every hour keeps its rhythm") {
        CHECK(times("30 * * * *", "Europe/Berlin", "2026-03-29T00:00:00Z", 3) ==
              Times{"2026-03-29 00:30", "2026-03-29 01:30", "2026-03-29 02:30"});
        CHECK(times("*/30 0-23 * * *", "Europe/Berlin", "2026-03-29T00:30:00Z", 2) ==
              Times{"2026-03-29 01:00", "2026-03-29 01:30"});
    }
    SECTION("a whole day is left out") {
        CHECK(times("0 2 30 12 *", "Pacific/Apia", "2011-12-01T00:00:00Z", 2) ==
              Times{"2011-12-30 10:00", "2012-12-29 12:00"});
    }
}

TEST_CASE("the clock is put back", "[schedule]") {
    // In Berlin 03:00 becomes 02:00 on October 25, which is 01:00 in UTC.
    SECTION("a time that comes twice runs the first time") {
        CHECK(times("30 2 * * *", "Europe/Berlin", "2026-10-24T12:00:00Z", 2) ==
              Times{"2026-10-25 00:30", "2026-10-26 01:30"});
    }
    SECTION("also where it is asked for between the two") {
        CHECK(times("30 2 * * *", "Europe/Berlin", "2026-10-25T01:15:00Z", 1) == Times{"2026-10-26 01:30"});
        CHECK(times("*/20 2-3 * * *", "Europe/Berlin", "2026-10-25T00:39:59Z", 2) ==
              Times{"2026-10-25 00:40", "2026-10-25 02:00"});
    }
    SECTION("every hour keeps its rhythm") {
        CHECK(times("30 * * * *", "Europe/Berlin", "2026-10-24T23:30:00Z", 3) ==
              Times{"2026-10-25 00:30", "2026-10-25 01:30", "2026-10-25 02:30"});
    }
    SECTION("by half an hour") {
        // Lord Howe: 02:00 becomes 01:30 on April 5, which is 15:00 in UTC.
        CHECK(times("45 1 * * *", "Australia/Lord_Howe", "2026-04-04T12:00:00Z", 2) ==
              Times{"2026-04-04 14:45", "2026-04-05 15:15"});
        CHECK(times("45 * * * *", "Australia/Lord_Howe", "2026-04-04T14:00:00Z", 3) ==
              Times{"2026-04-04 14:45", "2026-04-04 15:15", "2026-04-04 16:15"});
    }
}
