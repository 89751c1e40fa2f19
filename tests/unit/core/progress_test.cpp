#include "core/progress.h"

#include <catch2/catch.hpp>
#include <vector>

using filestore::Progress;
using filestore::ProgressMeter;

TEST_CASE("many small steps make few reports, growing, the last one whole", "[progress]") {
    std::vector<Progress> reports;
    ProgressMeter meter([&](const Progress& progress) { reports.push_back(progress); }, 1000);
    const auto start = std::chrono::steady_clock::now();
    for (int i = 0; i < 1000; ++i) {
        meter.add(1);
    }
    const auto intervals =
        static_cast<std::size_t>((std::chrono::steady_clock::now() - start) / std::chrono::milliseconds(100));
    meter.finish();
    REQUIRE_FALSE(reports.empty());
    CHECK(reports.size() <= intervals + 2);
    for (std::size_t i = 1; i < reports.size(); ++i) {
        CHECK(reports[i].bytes_done >= reports[i - 1].bytes_done);
    }
    CHECK(reports.front().bytes_total == 1000U);
    CHECK(reports.back().bytes_done == 1000);
}

TEST_CASE("a total that was not known is known at the end", "[progress]") {
    std::vector<Progress> reports;
    ProgressMeter meter([&](const Progress& progress) { reports.push_back(progress); }, std::nullopt);
    meter.add(7);
    REQUIRE(reports.size() == 1);
    CHECK_FALSE(reports.front().bytes_total.has_value());
    meter.finish();
    REQUIRE(reports.size() == 2);
    CHECK(reports.back().bytes_total == 7U);
}

TEST_CASE("a meter that nobody listens to", "[progress]") {
    ProgressMeter meter;
    meter.add(1);
    meter.finish();
    ProgressMeter deaf(nullptr, 5);
    deaf.add(5);
    deaf.finish();
}
