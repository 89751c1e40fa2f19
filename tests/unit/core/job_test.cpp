#include "core/job.h"

#include <unistd.h>

#include <array>
#include <atomic>
#include <catch2/catch.hpp>
#include <future>
#include <thread>
#include <vector>

#include "core/call_limits.h"
#include "core/pending_calls.h"
#include "filestore/call.h"
#include "support/eventually.h"
#include "support/executors.h"

using filestore::Error;
using filestore::ErrorCode;
using filestore::Job;
using filestore::make_job;
using filestore::PendingCalls;
using filestore::Reactor;
using filestore::Result;
using filestore::Runtime;
using filestore::Wake;
using filestore::test::eventually;
using filestore::test::ManualExecutor;

namespace {

/// Does what the test says at each step.
class ScriptedJob final : public Job {
public:
    /// Answers whether the job is done.
    using Step = std::function<bool(ScriptedJob&)>;

    ScriptedJob(Runtime runtime, std::shared_ptr<PendingCalls::Call> call,
                std::optional<std::chrono::steady_clock::time_point> deadline, Step do_step)
        : Job(std::move(runtime), call->token(), deadline),
          call_(std::move(call)),
          do_step_(std::move(do_step)) {}

    void release_call() { call_.reset(); }

    using Job::check_limits;
    using Job::waker;

private:
    Next step() override { return do_step_(*this) ? Next::done : Next::park; }

    std::shared_ptr<PendingCalls::Call> call_;
    Step do_step_;
};

struct Fixture {
    std::shared_ptr<PendingCalls> calls = std::make_shared<PendingCalls>();
    std::shared_ptr<ManualExecutor> manual = std::make_shared<ManualExecutor>();
    Runtime manual_runtime{manual, std::make_shared<Reactor>()};
    Runtime runtime{filestore::make_thread_pool(), std::make_shared<Reactor>()};

    std::shared_ptr<ScriptedJob> job(const Runtime& on, ScriptedJob::Step step,
                                     std::optional<std::chrono::steady_clock::time_point> deadline = {},
                                     const std::stop_token& stop = {}) const {
        return make_job<ScriptedJob>(on, std::move(calls->begin(stop).value()), deadline, std::move(step));
    }
};

}  // namespace

TEST_CASE_METHOD(Fixture, "a job does nothing inside start()", "[job]") {
    int steps = 0;
    job(manual_runtime, [&](ScriptedJob&) { return ++steps > 0; })->start();
    CHECK(steps == 0);
    manual->run_all();
    CHECK(steps == 1);
}

TEST_CASE_METHOD(Fixture, "a parked job holds no task until it is woken", "[job]") {
    int steps = 0;
    const auto parked = job(manual_runtime, [&](ScriptedJob&) { return ++steps == 3; });
    parked->start();
    manual->run_all();
    CHECK(steps == 1);
    parked->wake();
    CHECK(manual->queued() == 1);
    parked->wake();
    CHECK(manual->queued() == 1);
    manual->run_all();
    CHECK(steps == 2);
    parked->wake();
    manual->run_all();
    CHECK(steps == 3);
    parked->wake();
    CHECK(manual->queued() == 0);
}

TEST_CASE_METHOD(Fixture, "a wake from inside a step is not lost", "[job]") {
    int steps = 0;
    job(manual_runtime, [&](ScriptedJob& self) {
        self.waker()();
        return ++steps == 5;
    })->start();
    manual->run_all();
    CHECK(steps == 5);
}

TEST_CASE_METHOD(Fixture, "steps do not overlap however often a job is woken", "[job]") {
    std::atomic<int> inside{0};
    std::atomic<int> overlaps{0};
    std::atomic<int> steps{0};
    std::atomic<bool> last{false};
    const auto woken = job(runtime, [&](ScriptedJob&) {
        overlaps += inside.fetch_add(1) != 0;
        ++steps;
        inside.fetch_sub(1);
        return last.load();
    });
    woken->start();
    {
        std::vector<std::jthread> wakers;
        for (int i = 0; i < 4; ++i) {
            wakers.emplace_back([&] {
                for (int n = 0; n < 2000; ++n) {
                    woken->wake();
                }
            });
        }
    }
    last = true;
    woken->wake();
    CHECK(eventually([&] { return woken.use_count() == 1; }));
    CHECK(steps > 0);
    CHECK(overlaps == 0);
}

TEST_CASE_METHOD(Fixture, "a stop request wakes a parked job", "[job]") {
    std::stop_source stop;
    std::promise<ErrorCode> ended;
    std::promise<void> parked;
    std::atomic<int> steps{0};
    job(
        runtime,
        [&](ScriptedJob& self) {
            const Result<void> limits = self.check_limits();
            if (++steps == 1) {
                parked.set_value();
            }
            if (!limits.ok()) {
                ended.set_value(limits.error().code());
                self.release_call();
            }
            return !limits.ok();
        },
        {}, stop.get_token())
        ->start();
    parked.get_future().wait();
    stop.request_stop();
    CHECK(ended.get_future().get() == ErrorCode::cancelled);
    calls->close();
}

TEST_CASE_METHOD(Fixture, "a job that is stopped before it starts has one step", "[job]") {
    std::stop_source stop;
    stop.request_stop();
    for (int i = 0; i < 200; ++i) {
        std::atomic<int> steps{0};
        std::promise<ErrorCode> ended;
        auto stopped = job(
            runtime,
            [&](ScriptedJob& self) {
                ++steps;
                const Result<void> limits = self.check_limits();
                self.release_call();
                ended.set_value(limits.ok() ? ErrorCode::ok : limits.error().code());
                return true;
            },
            {}, stop.get_token());
        stopped->start();
        CHECK(ended.get_future().get() == ErrorCode::cancelled);
        CHECK(eventually([&] { return stopped.use_count() == 1; }));
        CHECK(steps == 1);
    }
    calls->close();
}

TEST_CASE_METHOD(Fixture, "the deadline wakes a parked job", "[job]") {
    std::promise<ErrorCode> ended;
    std::atomic<int> steps{0};
    job(
        runtime,
        [&](ScriptedJob& self) {
            ++steps;
            const Result<void> limits = self.check_limits();
            if (!limits.ok()) {
                ended.set_value(limits.error().code());
            }
            return !limits.ok();
        },
        filestore::deadline_in(std::chrono::milliseconds(30)))
        ->start();
    CHECK(ended.get_future().get() == ErrorCode::timeout);
    CHECK(steps <= 2);
}

TEST_CASE_METHOD(Fixture, "a descriptor that becomes ready wakes a parked job", "[job]") {
    std::array<int, 2> ends{};
    REQUIRE(::pipe(ends.data()) == 0);
    std::promise<void> parked;
    std::promise<void> woken;
    std::atomic<int> steps{0};
    job(runtime, [&](ScriptedJob& self) {
        if (++steps == 1) {
            self.waker().when_readable(ends[0]);
            parked.set_value();
            return false;
        }
        woken.set_value();
        return true;
    })->start();
    parked.get_future().wait();
    REQUIRE(::write(ends[1], "x", 1) == 1);
    woken.get_future().wait();
    CHECK(steps == 2);
    ::close(ends[0]);
    ::close(ends[1]);
}

TEST_CASE_METHOD(Fixture, "closing ends parked jobs", "[job]") {
    std::atomic<int> ended{0};
    for (int i = 0; i < 50; ++i) {
        job(runtime, [&](ScriptedJob& self) {
            if (self.check_limits().ok()) {
                return false;
            }
            ++ended;
            self.release_call();
            return true;
        })->start();
    }
    calls->close();
    CHECK(ended == 50);
}

TEST_CASE("the limits of a call", "[job]") {
    std::stop_source stop;
    const auto now = std::chrono::steady_clock::now();
    CHECK(filestore::check_call_limits({}, {}).ok());
    CHECK(filestore::check_call_limits(stop.get_token(), now + std::chrono::hours(1)).ok());
    CHECK(filestore::check_call_limits({}, now).error().code() == ErrorCode::timeout);
    stop.request_stop();
    CHECK(filestore::check_call_limits(stop.get_token(), now).error().code() == ErrorCode::cancelled);
}

TEST_CASE_METHOD(Fixture, "a step that the executor does not take runs where it was queued", "[job]") {
    struct FullExecutor final : filestore::Executor {
        void post(std::function<void()>) override { throw std::bad_alloc(); }
    };
    const Runtime full{std::make_shared<FullExecutor>(), runtime.reactor};
    ErrorCode code = ErrorCode::ok;
    job(full, [&](ScriptedJob& self) {
        const Result<void> limits = self.check_limits();
        code = limits.ok() ? ErrorCode::ok : limits.error().code();
        self.release_call();
        return true;
    })->start();
    CHECK(code == ErrorCode::no_memory);
    calls->close();
}
