#include "local/group_flush.h"

#include <atomic>
#include <catch2/catch.hpp>
#include <cerrno>
#include <future>
#include <thread>
#include <vector>

#include "support/eventually.h"

using filestore::local::GroupFlush;

namespace {

/// A flush that lasts until it is let go, and counts.
struct HeldFlush {
    std::atomic<int> begun{0};
    std::atomic<int> let_go{0};
    std::atomic<int> outcome{0};

    int operator()() {
        const int mine = ++begun;
        while (let_go < mine) {
            std::this_thread::yield();
        }
        return outcome;
    }
};

}  // namespace

TEST_CASE("a flush that nobody shares is made, and answers what it answers", "[group_flush]") {
    GroupFlush group;
    CHECK(group.run([] { return 0; }) == 0);
    CHECK(group.run([] { return EIO; }) == EIO);
    CHECK(group.run([] { return 0; }) == 0);
}

TEST_CASE("who comes while a flush runs waits for a later one, and for its outcome", "[group_flush]") {
    constexpr int late_comers = 8;
    GroupFlush group;
    HeldFlush flush;
    std::atomic<int> called{0};
    const auto call = [&] {
        ++called;
        return group.run([&] { return flush(); });
    };
    auto first = std::async(std::launch::async, call);
    REQUIRE(filestore::test::eventually([&] { return flush.begun == 1; }));
    std::vector<std::future<int>> late;
    for (int i = 0; i < late_comers; ++i) {
        late.push_back(std::async(std::launch::async, call));
    }
    REQUIRE(filestore::test::eventually([&] { return called == 1 + late_comers; }));
    CHECK(flush.begun == 1);
    flush.let_go = 1;
    CHECK(first.get() == 0);
    REQUIRE(filestore::test::eventually([&] { return flush.begun >= 2; }));
    flush.outcome = EIO;
    flush.let_go = late_comers + 2;
    for (auto& each : late) {
        // All of them failed, and nobody tried again for them.
        CHECK(each.get() == EIO);
    }
    // One for each at most: a thread may have come when the later one ran already.
    CHECK(flush.begun <= 1 + late_comers);
    flush.outcome = 0;
    CHECK(call() == 0);
}

TEST_CASE("a flush serves a caller only where it begins after the call", "[group_flush]") {
    constexpr int threads = 8;
    constexpr int calls = 2000;
    GroupFlush group;
    std::atomic<int> changes{0};
    std::atomic<int> flushed{0};
    std::atomic<int> running{0};
    std::atomic<bool> all_served{true};
    std::vector<std::thread> callers;
    for (int i = 0; i < threads; ++i) {
        callers.emplace_back([&] {
            for (int call = 0; call < calls; ++call) {
                const int mine = ++changes;
                const int outcome = group.run([&] {
                    const bool is_alone = ++running == 1;
                    const int seen = changes;
                    if (flushed < seen) {
                        flushed = seen;
                    }
                    --running;
                    return is_alone ? 0 : EIO;
                });
                all_served = all_served && outcome == 0 && flushed >= mine;
            }
        });
    }
    for (std::thread& caller : callers) {
        caller.join();
    }
    CHECK(all_served);
}
