#include "s3/policy/retry_budget.h"

#include <catch2/catch.hpp>

using namespace filestore::s3;

namespace {

/// Calls that fail at each of their (at most five) sendings; answers how many retries were made.
std::uint64_t retries_in_outage(RetryBudget& budget, std::uint64_t calls) {
    std::uint64_t retries = 0;
    for (std::uint64_t call = 0; call < calls; ++call) {
        for (int attempt = 2; attempt <= 5 && budget.take(); ++attempt) {
            ++retries;
        }
    }
    return retries;
}

}  // namespace

TEST_CASE("retries in an outage are bounded, again after a recovery", "[s3][retry_budget]") {
    RetryBudget budget;
    const std::uint64_t burst = RetryBudgetOptions().burst;
    CHECK(retries_in_outage(budget, 10'000) == burst);
    CHECK(budget.left() == 0);
    CHECK_FALSE(budget.take());

    for (int call = 0; call < 500; ++call) {
        budget.on_success(false);
    }
    CHECK(budget.left() == 50);
    CHECK(retries_in_outage(budget, 10'000) == 50);

    for (int call = 0; call < 100'000; ++call) {
        budget.on_success(false);
    }
    CHECK(retries_in_outage(budget, 10'000) == burst);
}

TEST_CASE("over any outages and recoveries a tenth of the calls is retried at most", "[s3][retry_budget]") {
    RetryBudget budget;
    std::uint64_t calls = 0;
    std::uint64_t retries = 0;
    for (int round = 0; round < 20; ++round) {
        retries += retries_in_outage(budget, 300);
        calls += 300;
        for (int call = 0; call < 700; ++call) {
            budget.on_success(false);
        }
        calls += 700;
        CHECK(retries * 10 <= calls + RetryBudgetOptions().burst * 10U);
    }
    CHECK(retries > RetryBudgetOptions().burst);
}

TEST_CASE("a retry that helped costs nothing", "[s3][retry_budget]") {
    RetryBudget budget({2, 10});
    for (int call = 0; call < 100; ++call) {
        REQUIRE(budget.take());
        budget.on_success(true);
        REQUIRE(budget.left() == 2);
    }
    CHECK(budget.take());
    CHECK(budget.take());
    CHECK_FALSE(budget.take());
    for (int call = 0; call < 9; ++call) {
        budget.on_success(false);
    }
    CHECK_FALSE(budget.take());
    budget.on_success(false);
    CHECK(budget.take());
}
