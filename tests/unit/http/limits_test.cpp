#include "http/limits.h"

#include <catch2/catch.hpp>

using namespace filestore;
using namespace filestore::http;
using namespace std::chrono_literals;

namespace {

const LimitSettings settings{.first_byte = 30s, .stall_window = 20s, .stall_bytes = 1000};
const ProgressWatch::Time start{1000s};

Observation sending(std::uint64_t moved) {
    return {.connected = true, .request_sent = false, .answered = false, .moved = moved};
}
Observation held_by_system(std::uint64_t moved) {
    return {.connected = true, .request_held = true, .moved = moved};
}
Observation waiting(std::uint64_t moved) {
    return {.connected = true, .request_sent = true, .answered = false, .moved = moved};
}
Observation receiving(std::uint64_t moved) {
    return {.connected = true, .request_sent = true, .answered = true, .moved = moved};
}

}  // namespace

TEST_CASE("connecting is not watched", "[limits]") {
    ProgressWatch watch(settings, start);
    CHECK(watch.look(start + 1000s, {}).ok());
    CHECK(watch.next_limit() == ProgressWatch::Time::max());
}

TEST_CASE("what the system holds is being sent, and looked at often", "[limits]") {
    ProgressWatch watch(settings, start);
    CHECK(watch.look(start + 5s, held_by_system(0)).ok());
    CHECK(watch.next_limit() == start + 5s + 100ms);
    CHECK(watch.look(start + 25s, held_by_system(1000)).ok());
    // Over TLS less may seem to have gone than before.
    CHECK(watch.look(start + 26s, held_by_system(900)).ok());
    CHECK_FALSE(watch.look(start + 45s, held_by_system(1500)).ok());
    CHECK(watch.look(start + 46s, waiting(2000)).ok());
    CHECK(watch.next_limit() == start + 76s);
}

TEST_CASE("the first byte has its own time, from the end of the request on", "[limits]") {
    ProgressWatch watch(settings, start);
    CHECK(watch.look(start + 5s, sending(0)).ok());
    CHECK(watch.look(start + 10s, waiting(50)).ok());
    CHECK(watch.next_limit() == start + 40s);
    CHECK(watch.look(start + 39s, waiting(50)).ok());
    const auto late = watch.look(start + 40s, waiting(50));
    REQUIRE_FALSE(late.ok());
    CHECK(late.error().code() == ErrorCode::timeout);
    CHECK(late.error().retryable());
    CHECK(late.error().message() == "the server did not begin its answer within 30 s of the request");
}

TEST_CASE("a stall is too little in a window, in both directions", "[limits]") {
    for (const auto observed : {sending, receiving}) {
        ProgressWatch watch(settings, start);
        CHECK(watch.look(start, observed(0)).ok());
        CHECK(watch.next_limit() == start + 20s);
        CHECK(watch.look(start + 19s, observed(999)).ok());
        CHECK_FALSE(watch.look(start + 20s, observed(999)).ok());
        CHECK(watch.look(start + 20s, observed(1000)).ok());
        CHECK(watch.look(start + 39s, observed(1500)).ok());
        CHECK_FALSE(watch.look(start + 40s, observed(1500)).ok());
    }
}

TEST_CASE("bytes that moved before do not count for a later stall", "[limits]") {
    ProgressWatch watch(settings, start);
    CHECK(watch.look(start, sending(0)).ok());
    CHECK(watch.look(start + 1s, sending(1'000'000)).ok());
    const auto stalled = watch.look(start + 21s, sending(1'000'010));
    REQUIRE_FALSE(stalled.ok());
    CHECK(stalled.error().message() == "the transfer stalled: 10 bytes in 20 s were sent");
}

TEST_CASE("a large transfer at a steady rate never stalls", "[limits]") {
    ProgressWatch watch(settings, start);
    std::uint64_t moved = 0;
    for (auto second = 0s; second < 10'240s; ++second) {
        moved += std::uint64_t{1} << 20U;
        REQUIRE(watch.look(start + second, receiving(moved)).ok());
    }
}

TEST_CASE("a pause gives a full window", "[limits]") {
    ProgressWatch watch(settings, start);
    CHECK(watch.look(start, receiving(0)).ok());
    CHECK(watch.look(start + 19s, receiving(10)).ok());
    watch.restart(start + 500s);
    CHECK(watch.look(start + 519s, receiving(10)).ok());
    CHECK_FALSE(watch.look(start + 520s, receiving(10)).ok());
    ProgressWatch waits(settings, start);
    CHECK(waits.look(start, waiting(0)).ok());
    waits.restart(start + 500s);
    CHECK(waits.look(start + 529s, waiting(0)).ok());
}

TEST_CASE("where one byte is enough", "[limits]") {
    ProgressWatch watch({.first_byte = 30s, .stall_window = 20s, .stall_bytes = 1}, start);
    CHECK(watch.look(start, receiving(0)).ok());
    CHECK(watch.look(start + 19s, receiving(1)).ok());
    CHECK(watch.look(start + 38s, receiving(1)).ok());
    CHECK_FALSE(watch.look(start + 39s, receiving(1)).ok());
}
