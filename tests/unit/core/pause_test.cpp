#include "filestore/pause.h"

#include <catch2/catch.hpp>

using namespace filestore;

namespace {

class Counter final : public PauseSwitch::Listener {
public:
    void pause_changed() noexcept override { ++changes; }
    int changes = 0;
};

}  // namespace

TEST_CASE("a switch tells its listeners of changes only", "[pause]") {
    PauseSwitch pause;
    const auto listener = std::make_shared<Counter>();
    auto gone = std::make_shared<Counter>();
    pause.add(listener);
    pause.add(gone);
    pause.add(listener);
    CHECK_FALSE(pause.is_paused());
    pause.resume();
    CHECK(listener->changes == 0);
    pause.pause();
    pause.pause();
    CHECK(pause.is_paused());
    CHECK(listener->changes == 1);
    gone.reset();
    pause.resume();
    CHECK_FALSE(pause.is_paused());
    CHECK(listener->changes == 2);
}
