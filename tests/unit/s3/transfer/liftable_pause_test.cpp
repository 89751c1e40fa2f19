#include "s3/transfer/liftable_pause.h"

#include <catch2/catch.hpp>

using namespace filestore;
using namespace filestore::s3;

TEST_CASE("a request's pause follows the caller's until it is lifted", "[s3][pause]") {
    const auto callers = std::make_shared<PauseSwitch>();
    callers->pause();
    const auto pause = LiftablePause::following(callers);
    CHECK(pause->own()->is_paused());
    callers->resume();
    CHECK_FALSE(pause->own()->is_paused());
    callers->pause();
    CHECK(pause->own()->is_paused());
    pause->lift();
    CHECK_FALSE(pause->own()->is_paused());
    callers->resume();
    callers->pause();
    CHECK_FALSE(pause->own()->is_paused());
}

TEST_CASE("without a switch of the caller nothing pauses", "[s3][pause]") {
    CHECK(LiftablePause::following(nullptr) == nullptr);
}
