#include "service/late_tasks.h"

#include <atomic>
#include <catch2/catch.hpp>

#include "support/eventually.h"
#include "support/settable_clock.h"

using namespace filestore;
using namespace filestore::test;

namespace {

constexpr std::chrono::milliseconds at_once{1};

/// Tasks that count themselves.
struct Scene {
    std::shared_ptr<SettableClock> clock =
        std::make_shared<SettableClock>(Timestamp(std::chrono::seconds(1'800'000'000)));
    std::shared_ptr<LateTasks> tasks = std::make_shared<LateTasks>(clock, LateTaskPauses{at_once, at_once});
    std::shared_ptr<std::atomic<int>> runs = std::make_shared<std::atomic<int>>(0);

    Scene() = default;
    Scene(const Scene&) = delete;
    Scene& operator=(const Scene&) = delete;
    ~Scene() { tasks->close(); }

    bool add(std::chrono::seconds pause) const {
        return tasks->add(clock->now() + pause, [runs = runs] { ++*runs; });
    }
};

}  // namespace

TEST_CASE("late tasks run once they are due, the first one first", "[service][settling]") {
    const Scene scene;
    REQUIRE(scene.add(std::chrono::hours(2)));
    REQUIRE(scene.add(std::chrono::hours(1)));
    scene.clock->advance(std::chrono::minutes(59));
    std::atomic<bool> is_looked_at{false};
    REQUIRE(scene.tasks->add(scene.clock->now(), [&] { is_looked_at = true; }));
    REQUIRE(eventually([&] { return is_looked_at.load(); }));
    CHECK(*scene.runs == 0);
    scene.clock->advance(std::chrono::minutes(1));
    REQUIRE(eventually([&] { return *scene.runs == 1; }));
    scene.clock->advance(std::chrono::hours(1));
    REQUIRE(eventually([&] { return *scene.runs == 2; }));
}

TEST_CASE("late tasks that are due at once all run", "[service][settling]") {
    const Scene scene;
    constexpr int many = 50;
    for (int i = 0; i < many; ++i) {
        REQUIRE(scene.add(std::chrono::seconds(0)));
    }
    REQUIRE(eventually([&] { return *scene.runs == many; }));
    // The thread has ended, or is about to.
    REQUIRE(scene.add(std::chrono::seconds(0)));
    REQUIRE(eventually([&] { return *scene.runs == many + 1; }));
}

TEST_CASE("a look need not wait for the clock to be looked at", "[service][settling]") {
    Scene scene;
    constexpr std::chrono::hours never{1};
    scene.tasks = std::make_shared<LateTasks>(scene.clock, LateTaskPauses{never, never});
    REQUIRE(scene.add(std::chrono::hours(2)));
    scene.clock->advance(std::chrono::hours(2));
    scene.tasks->look();
    REQUIRE(eventually([&] { return *scene.runs == 1; }));
}

TEST_CASE("a clock that is set back does not keep late tasks waiting", "[service][settling]") {
    const Scene scene;
    REQUIRE(scene.tasks->add(scene.clock->now() + std::chrono::milliseconds(100), [&] { ++*scene.runs; }));
    scene.clock->advance(-std::chrono::hours(24));
    REQUIRE(scene.add(std::chrono::hours(1)));
    REQUIRE(eventually([&] { return *scene.runs == 1; }));
}

TEST_CASE("late tasks are bounded, and dropped at the end", "[service][settling]") {
    const Scene scene;
    std::size_t added = 0;
    while (scene.add(std::chrono::hours(2))) {
        ++added;
    }
    CHECK(added == 10'000);
    scene.tasks->close();
    scene.clock->advance(std::chrono::hours(2));
    CHECK_FALSE(scene.add(std::chrono::seconds(0)));
    CHECK(*scene.runs == 0);
}
