#include <atomic>
#include <catch2/catch.hpp>
#include <condition_variable>
#include <csignal>
#include <future>
#include <mutex>
#include <set>
#include <thread>

#include "core/library_thread.h"
#include "filestore/executor.h"
#include "support/eventually.h"

using filestore::Executor;
using filestore::make_thread_pool;
using filestore::test::eventually;
using filestore::test::thread_count;

TEST_CASE("a pool runs every task once, on a library thread of its own", "[thread_pool]") {
    const auto pool = make_thread_pool({.max_threads = 3});
    std::atomic<int> runs{0};
    std::atomic<int> wrong_threads{0};
    const auto caller = std::this_thread::get_id();
    for (int i = 0; i < 1000; ++i) {
        pool->post([&] {
            ++runs;
            wrong_threads += std::this_thread::get_id() == caller || !filestore::on_library_thread();
        });
    }
    CHECK(eventually([&] { return runs == 1000; }));
    CHECK(wrong_threads == 0);
}

TEST_CASE("a pool uses all its threads and no more", "[thread_pool]") {
    constexpr int threads = 3;
    const auto pool = make_thread_pool({.max_threads = threads});
    std::mutex mutex;
    std::condition_variable changed;
    int waiting = 0;
    int most = 0;
    bool open = false;
    std::atomic<int> ended{0};
    for (int i = 0; i < 12; ++i) {
        pool->post([&] {
            std::unique_lock lock(mutex);
            most = std::max(most, ++waiting);
            changed.wait(lock, [&] { return open; });
            --waiting;
            ++ended;
        });
    }
    CHECK(eventually([&] {
        const std::lock_guard lock(mutex);
        return waiting == threads;
    }));
    {
        const std::lock_guard lock(mutex);
        open = true;
    }
    changed.notify_all();
    CHECK(eventually([&] { return ended == 12; }));
    CHECK(most == threads);
}

TEST_CASE("a pool of no threads has one", "[thread_pool]") {
    const auto pool = make_thread_pool({.max_threads = 0});
    std::promise<void> ran;
    pool->post([&] { ran.set_value(); });
    ran.get_future().wait();
}

TEST_CASE("an idle pool has no thread, before the first task and after the last", "[thread_pool]") {
    const std::size_t before = thread_count();
    const auto pool = make_thread_pool({.max_threads = 2, .idle_time = std::chrono::milliseconds(5)});
    CHECK(thread_count() <= before);
    for (int round = 0; round < 3; ++round) {
        std::promise<std::size_t> during;
        pool->post([&] { during.set_value(thread_count()); });
        CHECK(during.get_future().get() <= before + 1);
        CHECK(eventually([&] { return thread_count() <= before; }));
    }
}

TEST_CASE("destroying a pool runs what is queued", "[thread_pool]") {
    std::atomic<int> runs{0};
    {
        const auto pool = make_thread_pool({.max_threads = 1});
        for (int i = 0; i < 100; ++i) {
            pool->post([&] { ++runs; });
        }
    }
    CHECK(runs == 100);
}

TEST_CASE("a task may post, and may destroy the pool", "[thread_pool]") {
    const std::size_t before = thread_count();
    auto pool = make_thread_pool({.max_threads = 2});
    std::promise<void> ran;
    pool->post([own = pool, &ran] { own->post([own, &ran] { ran.set_value(); }); });
    pool.reset();
    ran.get_future().wait();
    CHECK(eventually([&] { return thread_count() <= before; }));
}

TEST_CASE("what a task holds is gone when the pool is idle", "[thread_pool]") {
    const auto pool = make_thread_pool();
    const auto held = std::make_shared<int>(1);
    pool->post([held] {});
    CHECK(eventually([&] { return held.use_count() == 1; }));
}

TEST_CASE("all signals are blocked in a pool's threads and none in the caller's", "[thread_pool]") {
    sigset_t before;
    pthread_sigmask(SIG_SETMASK, nullptr, &before);
    const auto pool = make_thread_pool();
    std::promise<bool> blocked;
    pool->post([&] {
        sigset_t mask;
        pthread_sigmask(SIG_SETMASK, nullptr, &mask);
        blocked.set_value(sigismember(&mask, SIGTERM) == 1 && sigismember(&mask, SIGPIPE) == 1 &&
                          sigismember(&mask, SIGCHLD) == 1);
    });
    CHECK(blocked.get_future().get());
    sigset_t after;
    pthread_sigmask(SIG_SETMASK, nullptr, &after);
    CHECK(sigismember(&after, SIGTERM) == sigismember(&before, SIGTERM));
    CHECK(sigismember(&after, SIGPIPE) == sigismember(&before, SIGPIPE));
}
