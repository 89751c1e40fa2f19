#include "core/reactor.h"

#include <unistd.h>

#include <array>
#include <atomic>
#include <catch2/catch.hpp>
#include <csignal>
#include <functional>
#include <mutex>
#include <vector>

#include "core/descriptor.h"
#include "support/eventually.h"

using filestore::Descriptor;
using filestore::Reactor;
using filestore::Wake;
using filestore::test::eventually;
using filestore::test::thread_count;

namespace {

class CountingTarget final : public Wake::Target {
public:
    void wake() noexcept override { ++wakes; }
    void wake_when_ready(int, bool) noexcept override {}
    std::atomic<int> wakes{0};
};

struct Pipe {
    Pipe() {
        std::array<int, 2> ends{};
        REQUIRE(::pipe(ends.data()) == 0);
        reading = Descriptor(ends[0]);
        writing = Descriptor(ends[1]);
    }
    Descriptor reading;
    Descriptor writing;
};

std::chrono::steady_clock::time_point soon() {
    return std::chrono::steady_clock::now() + std::chrono::milliseconds(5);
}
std::chrono::steady_clock::time_point later() {
    return std::chrono::steady_clock::now() + std::chrono::hours(24);
}

}  // namespace

TEST_CASE("a readable descriptor wakes its target once", "[reactor]") {
    Reactor reactor;
    Pipe pipe;
    const auto target = std::make_shared<CountingTarget>();
    const auto other = std::make_shared<CountingTarget>();
    Pipe silent;
    reactor.wake_when_ready(silent.reading.get(), false, other);
    reactor.wake_when_ready(pipe.reading.get(), false, target);
    REQUIRE(::write(pipe.writing.get(), "x", 1) == 1);
    CHECK(eventually([&] { return target->wakes == 1; }));
    const auto next = std::make_shared<CountingTarget>();
    reactor.wake_at(soon(), next);
    CHECK(eventually([&] { return next->wakes == 1; }));
    CHECK(target->wakes == 1);
    CHECK(other->wakes == 0);
}

TEST_CASE("a writable descriptor wakes its target", "[reactor]") {
    Reactor reactor;
    Pipe pipe;
    const auto target = std::make_shared<CountingTarget>();
    reactor.wake_when_ready(pipe.writing.get(), true, target);
    CHECK(eventually([&] { return target->wakes == 1; }));
}

TEST_CASE("the end of the other side wakes", "[reactor]") {
    Reactor reactor;
    Pipe read_from;
    Pipe written_to;
    const auto reader = std::make_shared<CountingTarget>();
    const auto writer = std::make_shared<CountingTarget>();
    reactor.wake_when_ready(read_from.reading.get(), false, reader);
    read_from.writing = Descriptor();
    CHECK(eventually([&] { return reader->wakes == 1; }));
    written_to.reading = Descriptor();
    reactor.wake_when_ready(written_to.writing.get(), true, writer);
    CHECK(eventually([&] { return writer->wakes == 1; }));
}

TEST_CASE("a descriptor that is not open wakes, so that its stream can fail", "[reactor]") {
    Reactor reactor;
    Pipe pipe;
    const int closed = pipe.reading.get();
    pipe.reading = Descriptor();
    const auto target = std::make_shared<CountingTarget>();
    reactor.wake_when_ready(closed, false, target);
    CHECK(eventually([&] { return target->wakes == 1; }));
}

TEST_CASE("times wake in their order", "[reactor]") {
    struct Noting final : Wake::Target {
        Noting(std::vector<int>& noted_in, std::mutex& guard, int own)
            : order(noted_in), mutex(guard), number(own) {}
        void wake() noexcept override {
            const std::lock_guard lock(mutex);
            order.push_back(number);
        }
        void wake_when_ready(int, bool) noexcept override {}
        std::vector<int>& order;
        std::mutex& mutex;
        int number;
    };
    std::vector<int> order;
    std::mutex mutex;
    const auto first = std::make_shared<Noting>(order, mutex, 1);
    const auto second = std::make_shared<Noting>(order, mutex, 2);
    const auto third = std::make_shared<Noting>(order, mutex, 3);
    Reactor reactor;
    const auto now = std::chrono::steady_clock::now();
    reactor.wake_at(now + std::chrono::milliseconds(60), third);
    reactor.wake_at(now + std::chrono::milliseconds(40), second);
    reactor.wake_at(now - std::chrono::hours(1), first);
    CHECK(eventually([&] {
        const std::lock_guard lock(mutex);
        return order.size() == 3;
    }));
    CHECK(order == std::vector<int>{1, 2, 3});
}

TEST_CASE("a target that is gone is forgotten", "[reactor]") {
    const std::size_t before = thread_count();
    Reactor reactor;
    Pipe pipe;
    CHECK(thread_count() <= before);
    auto target = std::make_shared<CountingTarget>();
    reactor.wake_when_ready(pipe.reading.get(), false, target);
    reactor.wake_at(later(), target);
    CHECK(thread_count() <= before + 1);
    const std::weak_ptr<CountingTarget> watched = target;
    target.reset();
    CHECK(watched.expired());
    CHECK(eventually([&] { return thread_count() <= before; }));
}

TEST_CASE("a reactor whose thread has ended starts again", "[reactor]") {
    const std::size_t before = thread_count();
    Reactor reactor;
    for (int round = 1; round <= 2; ++round) {
        const auto target = std::make_shared<CountingTarget>();
        reactor.wake_at(soon(), target);
        CHECK(eventually([&] { return target->wakes == 1; }));
        CHECK(eventually([&] { return thread_count() <= before; }));
    }
}

TEST_CASE("destroying a reactor wakes nobody and leaves no thread", "[reactor]") {
    const std::size_t before = thread_count();
    const auto target = std::make_shared<CountingTarget>();
    {
        Reactor reactor;
        reactor.wake_at(later(), target);
    }
    CHECK(target->wakes == 0);
    CHECK(thread_count() <= before);
}

TEST_CASE("a woken target may destroy the reactor", "[reactor]") {
    struct Destroyer final : Wake::Target {
        void wake() noexcept override {
            reactor.reset();
            done = true;
        }
        void wake_when_ready(int, bool) noexcept override {}
        std::unique_ptr<Reactor> reactor = std::make_unique<Reactor>();
        std::atomic<bool> done{false};
    };
    const std::size_t before = thread_count();
    const auto target = std::make_shared<Destroyer>();
    target->reactor->wake_at(soon(), target);
    CHECK(eventually([&] { return target->done.load(); }));
    CHECK(eventually([&] { return thread_count() <= before; }));
}
