#include "core/duration.h"

#include <catch2/catch.hpp>
#include <string_view>

using namespace filestore;

TEST_CASE("durations are read with and without a unit", "[core]") {
    CHECK(read_duration("90") == std::chrono::seconds(90));
    CHECK(read_duration("90s") == std::chrono::seconds(90));
    CHECK(read_duration("15m") == std::chrono::minutes(15));
    CHECK(read_duration("12h") == std::chrono::hours(12));
    CHECK(read_duration("30d") == std::chrono::days(30));
    CHECK(read_duration("0") == std::chrono::seconds(0));
    CHECK(read_duration("36500d") == std::chrono::days(36'500));
    for (const std::string_view wrong :
         {"", "d", "-1d", "+1d", "1.5d", "1w", "1dd", " 1d", "1 d", "36501d", "4294967296"}) {
        CAPTURE(wrong);
        CHECK_FALSE(read_duration(wrong));
    }
}
