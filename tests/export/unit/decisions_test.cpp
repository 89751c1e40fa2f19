#include <catch2/catch.hpp>
#include <chrono>
#include <optional>

#include "export/missed_copies.h"
#include "export/pauses.h"
#include "export/place_share.h"
#include "export/provider_client.h"

using namespace filestore;
using namespace std::chrono_literals;

namespace {

Attempt answered(int status) {
    ProviderAnswer answer;
    answer.head.status = status;
    Attempt attempt{std::move(answer)};
    attempt.was_sent = true;
    return attempt;
}

Attempt broken_off(bool was_sent) {
    Attempt attempt{Error(ErrorCode::unavailable, "reset")};
    attempt.was_sent = was_sent;
    return attempt;
}

}  // namespace

TEST_CASE("the pause behind an attempt", "[export]") {
    constexpr std::uint64_t longest_chance = ~std::uint64_t{0};
    ExportRetryOptions options;
    options.max_attempts = 3;
    options.first_delay = 100ms;
    options.longest_delay = 150ms;
    struct Case {
        unsigned attempts;
        std::uint64_t chance;
        const char* retry_after;
        std::optional<std::chrono::milliseconds> pause;
    };
    const auto given = GENERATE(values<Case>({
        {1, 0, "", 0ms},
        {1, longest_chance, "", 100ms},
        {2, longest_chance, "", 150ms},
        {1, 0, "2", 2000ms},
        {1, longest_chance, "0", 100ms},
        {2, 0, "3600", 60'000ms},
        {1, 0, "soon", 0ms},
        {3, 0, "", std::nullopt},
        {3, 0, "1", std::nullopt},
    }));
    CAPTURE(given.attempts, given.chance, given.retry_after);
    CHECK(pause_behind(options, given.attempts, given.chance, given.retry_after, Timestamp()) == given.pause);
}

TEST_CASE("a failed attempt may have been carried out", "[export]") {
    for (const int status : {200, 408, 500, 502, 503, 504, 529}) {
        CAPTURE(status);
        CHECK(may_be_done(answered(status)));
    }
    for (const int status : {301, 400, 401, 403, 404, 409, 413, 429}) {
        CAPTURE(status);
        CHECK_FALSE(may_be_done(answered(status)));
    }
    CHECK(may_be_done(broken_off(true)));
    CHECK_FALSE(may_be_done(broken_off(false)));
    Attempt cut = broken_off(true);
    cut.was_whole = false;
    CHECK_FALSE(may_be_done(cut));
    CHECK(may_be_kept(cut));
    CHECK_FALSE(may_be_kept(broken_off(true)));
    Attempt refused = answered(413);
    refused.was_whole = false;
    CHECK_FALSE(may_be_kept(refused));
    Attempt unsent = broken_off(false);
    unsent.was_whole = false;
    CHECK_FALSE(may_be_kept(unsent));
    // It says that it was.
    Attempt early = answered(200);
    early.was_whole = false;
    CHECK(may_be_done(early));
}

TEST_CASE("a copy that a list lacks is given up after a while", "[export]") {
    const Timestamp now{std::chrono::hours(1000)};
    struct Case {
        std::optional<Timestamp> since;
        AfterMiss next;
    };
    const auto given = GENERATE_COPY(values<Case>({
        {std::nullopt, AfterMiss::begin},
        {now + 1s, AfterMiss::begin},
        {now, AfterMiss::wait},
        {now - longest_arrival + 1s, AfterMiss::wait},
        {now - longest_arrival, AfterMiss::give_up},
        {now - 24h, AfterMiss::give_up},
    }));
    CHECK(after_miss(given.since, now) == given.next);
    CHECK(missed_from(given.since, now) == (given.next == AfterMiss::begin ? now : *given.since));
}

TEST_CASE("each place gets its share of the time", "[export]") {
    const std::chrono::steady_clock::time_point now{1000s};
    CHECK_FALSE(end_of_share(now, std::nullopt, 3));
    CHECK(end_of_share(now, now + 30s, 3) == now + 10s);
    CHECK(end_of_share(now, now + 30s, 1) == now + 30s);
    CHECK(end_of_share(now, now - 5s, 2) == now);
    CHECK(end_of_copy(now, std::nullopt) == now + longest_for_a_copy);
    CHECK(end_of_copy(now, now + 1s) == now + 1s);
    CHECK(end_of_copy(now, now + 24h) == now + longest_for_a_copy);
}

TEST_CASE("what concerns a whole place", "[export]") {
    for (const ErrorCode code : {ErrorCode::timeout, ErrorCode::unavailable, ErrorCode::rate_limited,
                                 ErrorCode::unauthenticated, ErrorCode::configuration}) {
        CHECK(concerns_the_place(code));
    }
    for (const ErrorCode code : {ErrorCode::permission_denied, ErrorCode::outcome_unknown, ErrorCode::corrupt,
                                 ErrorCode::invalid_argument, ErrorCode::conflict}) {
        CHECK_FALSE(concerns_the_place(code));
    }
}
