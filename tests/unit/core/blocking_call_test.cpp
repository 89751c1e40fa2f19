#include "core/blocking_call.h"

#include <catch2/catch.hpp>
#include <functional>
#include <new>
#include <semaphore>
#include <thread>
#include <utility>

#include "core/library_thread.h"
#include "support/executors.h"

using filestore::Completion;
using filestore::ErrorCode;
using filestore::Executor;
using filestore::LibraryThreadScope;
using filestore::Result;
using filestore::wait_for;
using filestore::WaitingThread;
using filestore::test::ManualExecutor;

TEST_CASE("waiting gives the answer of the call", "[blocking_call]") {
    std::jthread worker;
    const auto answer = wait_for<int>(
        [&](Completion<int> done) { worker = std::jthread([done = std::move(done)] { done(42); }); });
    REQUIRE(answer.ok());
    CHECK(*answer == 42);
}

TEST_CASE("the thread that waits runs what the call posts to it", "[blocking_call]") {
    const auto executor = std::make_shared<ManualExecutor>();
    std::thread::id ran_on;
    const auto answer = wait_for<int>([&](Completion<int> done) {
        const auto taken = WaitingThread::or_else(executor);
        // There is one such thread.
        CHECK(WaitingThread::or_else(executor) == executor);
        taken->post([&, done = std::move(done)] {
            ran_on = std::this_thread::get_id();
            done(42);
        });
        CHECK(ran_on == std::thread::id());
    });
    CHECK(answer.value() == 42);
    CHECK(ran_on == std::this_thread::get_id());
    CHECK(WaitingThread::or_else(executor) == executor);
}

TEST_CASE("what runs while a start waits for another call gets no thread that waits for that start",
          "[blocking_call]") {
    const auto executor = std::make_shared<ManualExecutor>();
    std::shared_ptr<Executor> given;
    const auto answer = wait_for<int>([&](Completion<int> done) {
        const auto inner = wait_for<int>([&](Completion<int> inner_done) {
            WaitingThread::or_else(executor)->post([&, inner_done = std::move(inner_done)] {
                given = WaitingThread::or_else(executor);
                inner_done(1);
            });
        });
        CHECK(inner.value() == 1);
        // The start's own work does.
        const auto taken = WaitingThread::or_else(executor);
        CHECK(taken != executor);
        taken->post([done = std::move(done)] { done(42); });
    });
    CHECK(answer.value() == 42);
    CHECK(given == executor);
}

TEST_CASE("what is posted to a thread that waits no more goes to the executor", "[blocking_call]") {
    const auto executor = std::make_shared<ManualExecutor>();
    std::shared_ptr<Executor> taken;
    const auto answer = wait_for<int>([&](Completion<int> done) {
        taken = WaitingThread::or_else(executor);
        taken->post([done = std::move(done)] { done(42); });
    });
    CHECK(answer.value() == 42);
    bool ran = false;
    taken->post([&] { ran = true; });
    CHECK_FALSE(ran);
    executor->run_all();
    CHECK(ran);
}

TEST_CASE("a call that is answered does no work of another", "[blocking_call]") {
    const auto executor = std::make_shared<ManualExecutor>();
    bool ran = false;
    const auto answer = wait_for<int>([&](const Completion<int>& done) {
        WaitingThread::or_else(executor)->post([&ran] { ran = true; });
        done(42);
    });
    CHECK(answer.value() == 42);
    CHECK_FALSE(ran);
    executor->run_all();
    CHECK(ran);
}

TEST_CASE("what was posted before the start failed goes to the executor", "[blocking_call]") {
    const auto executor = std::make_shared<ManualExecutor>();
    bool ran = false;
    const auto answer = wait_for<int>([&](const Completion<int>&) {
        WaitingThread::or_else(executor)->post([&ran] { ran = true; });
        throw std::bad_alloc();
    });
    REQUIRE_FALSE(answer.ok());
    CHECK(answer.error().code() == ErrorCode::no_memory);
    CHECK_FALSE(ran);
    executor->run_all();
    CHECK(ran);
}

TEST_CASE("waiting on a library thread is refused and starts nothing", "[blocking_call]") {
    const LibraryThreadScope scope;
    bool started = false;
    const auto answer = wait_for<int>([&](const Completion<int>&) { started = true; });
    REQUIRE_FALSE(answer.ok());
    CHECK(answer.error().code() == ErrorCode::would_deadlock);
    CHECK_FALSE(started);
}

TEST_CASE("lack of memory while starting is an error", "[blocking_call]") {
    const auto answer = wait_for<int>([](const Completion<int>&) { throw std::bad_alloc(); });
    REQUIRE_FALSE(answer.ok());
    CHECK(answer.error().code() == ErrorCode::no_memory);
}

TEST_CASE("an answer that comes although the start failed is dropped", "[blocking_call]") {
    Completion<int> kept;
    const auto answer = wait_for<int>([&](const Completion<int>& done) {
        kept = done;
        throw std::bad_alloc();
    });
    kept(42);
    REQUIRE_FALSE(answer.ok());
    CHECK(answer.error().code() == ErrorCode::no_memory);
}

TEST_CASE("a library thread's mark nests and ends", "[blocking_call]") {
    CHECK_FALSE(filestore::on_library_thread());
    {
        const LibraryThreadScope outer;
        {
            const LibraryThreadScope inner;
            CHECK(filestore::on_library_thread());
        }
        CHECK(filestore::on_library_thread());
    }
    CHECK_FALSE(filestore::on_library_thread());
}

namespace {

/// Runs until it is wanted elsewhere, as an event loop would, and notes where it ran.
class Loop final : public filestore::Driven {
public:
    void drive(filestore::FunctionRef<bool()> is_wanted) noexcept override {
        ran_on = std::this_thread::get_id();
        ++times;
        if (on_driven) {
            std::exchange(on_driven, nullptr)();
        }
        while (!is_wanted()) {
            interrupted.acquire();
        }
    }
    void interrupt() noexcept override { interrupted.release(); }

    std::function<void()> on_driven;
    std::thread::id ran_on;
    int times = 0;
    std::counting_semaphore<> interrupted{0};
};

}  // namespace

TEST_CASE("the thread that waits drives a loop until the answer is there", "[blocking_call]") {
    const auto loop = std::make_shared<Loop>();
    CHECK_FALSE(WaitingThread::takes(loop));
    std::jthread worker;
    const auto answer = wait_for<int>([&](Completion<int> done) {
        CHECK(WaitingThread::takes(loop));
        // One at a time.
        CHECK_FALSE(WaitingThread::takes(std::make_shared<Loop>()));
        loop->on_driven = [&, done = std::move(done)] {
            worker = std::jthread([done = std::move(done)] { done(42); });
        };
    });
    CHECK(answer.value() == 42);
    CHECK(loop->times == 1);
    CHECK(loop->ran_on == std::this_thread::get_id());
    CHECK_FALSE(WaitingThread::takes(loop));
}

TEST_CASE("what is posted to the thread that waits takes it from the loop, which it may drive again",
          "[blocking_call]") {
    const auto loop = std::make_shared<Loop>();
    const auto executor = std::make_shared<ManualExecutor>();
    const auto answer = wait_for<int>([&](Completion<int> done) {
        const auto taken = WaitingThread::or_else(executor);
        CHECK(WaitingThread::takes(loop));
        loop->on_driven = [&loop, taken, done = std::move(done)] {
            taken->post([&loop, done] {
                loop->on_driven = [done] { done(7); };
                CHECK(WaitingThread::takes(loop));
            });
        };
    });
    CHECK(answer.value() == 7);
    CHECK(loop->times == 2);
}

TEST_CASE("a loop that was taken by a start that fails, or has answered already, is let go of",
          "[blocking_call]") {
    const auto loop = std::make_shared<Loop>();
    const auto failed = wait_for<int>([&](const Completion<int>&) {
        CHECK(WaitingThread::takes(loop));
        throw std::bad_alloc();
    });
    CHECK(failed.error().code() == ErrorCode::no_memory);
    CHECK(loop->times == 1);
    const auto answer = wait_for<int>([&](const Completion<int>& done) {
        CHECK(WaitingThread::takes(loop));
        done(1);
    });
    CHECK(answer.value() == 1);
    CHECK(loop->times == 2);
}
