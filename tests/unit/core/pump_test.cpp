#include "core/pump.h"

#include <atomic>
#include <catch2/catch.hpp>
#include <condition_variable>
#include <future>
#include <mutex>
#include <stdexcept>

#include "core/library_thread.h"
#include "support/eventually.h"
#include "support/executors.h"
#include "support/random_bytes.h"
#include "support/reading.h"
#include "support/test_streams.h"

using filestore::CallbackSink;
using filestore::CallbackSource;
using filestore::Error;
using filestore::ErrorCode;
using filestore::IoStep;
using filestore::make_thread_pool;
using filestore::PumpedSink;
using filestore::PumpedSource;
using filestore::Result;
using filestore::Wake;
using filestore::test::bytes_of;
using filestore::test::eventually;
using filestore::test::ManualExecutor;
using filestore::test::no_wake;
using filestore::test::random_bytes;
using filestore::test::read_step;

namespace {

/// Lets a thread wait for a wake.
class Waiter final : public Wake::Target, public std::enable_shared_from_this<Waiter> {
public:
    void wake() noexcept override {
        const std::lock_guard lock(mutex_);
        woken_ = true;
        changed_.notify_all();
    }
    void wake_when_ready(int, bool) noexcept override {}

    Wake handle() { return Wake(shared_from_this()); }
    void wait() {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [this] { return woken_; });
        woken_ = false;
    }

private:
    std::mutex mutex_;
    std::condition_variable changed_;
    bool woken_ = false;
};

Result<std::string> drain(filestore::Source& source, std::size_t piece) {
    const auto waiter = std::make_shared<Waiter>();
    std::string all;
    std::vector<std::byte> room(piece);
    while (true) {
        const auto step = filestore::read_source(source, room, waiter->handle());
        if (!step.ok()) {
            return step.error();
        }
        if (step->would_block) {
            waiter->wait();
        } else if (step->bytes == 0) {
            return all;
        } else {
            all.append(reinterpret_cast<const char*>(room.data()), step->bytes);
        }
    }
}

Result<void> push(PumpedSink& sink, std::string_view content) {
    const auto waiter = std::make_shared<Waiter>();
    while (!content.empty()) {
        const auto step = sink.write(bytes_of(content), waiter->handle());
        if (!step.ok()) {
            return step.error();
        }
        if (step->would_block) {
            waiter->wait();
        }
        content.remove_prefix(step->bytes);
    }
    return {};
}

Result<void> written(PumpedSink& sink) {
    auto answer = std::make_shared<std::promise<Result<void>>>();
    sink.when_written([answer](const Result<void>& result) { answer->set_value(result); });
    return answer->get_future().get();
}

std::shared_ptr<filestore::Source> blocking_source(std::string content) {
    const auto inner = filestore::source_from_string(std::move(content));
    CallbackSource callbacks;
    callbacks.size = inner->size();
    callbacks.read = [inner](std::span<std::byte> into, const Wake& wake) {
        return inner->read(into.first(std::min<std::size_t>(into.size(), 100'000)), wake);
    };
    callbacks.rewind = [inner] { return inner->rewind(); };
    return filestore::source_from_callback(callbacks);
}

}  // namespace

TEST_CASE("a pumped source gives every byte, again after rewinding", "[pump]") {
    for (const std::size_t size :
         {std::size_t{0}, std::size_t{1}, std::size_t{512 * 1024}, std::size_t{3'000'001}}) {
        INFO(size);
        const std::string content = random_bytes(size);
        PumpedSource source(blocking_source(content), make_thread_pool());
        CHECK_FALSE(source.blocking());
        CHECK(source.size() == size);
        CHECK(drain(source, 70'000).value() == content);
        REQUIRE(source.can_rewind());
        REQUIRE(source.rewind().ok());
        CHECK(drain(source, 70'000).value() == content);
    }
}

TEST_CASE("a pumped source can be rewound in the middle", "[pump]") {
    const std::string content = random_bytes(2'000'000);
    for (int round = 0; round < 20; ++round) {
        PumpedSource source(blocking_source(content), make_thread_pool());
        CHECK(read_step(source, 10) == "(would block)");
        REQUIRE(source.rewind().ok());
        CHECK(drain(source, 300'000).value() == content);
    }
}

TEST_CASE("a pumped source reads nothing before it is read, and at most two buffers ahead", "[pump]") {
    const auto executor = std::make_shared<ManualExecutor>();
    std::size_t given = 0;
    CallbackSource callbacks;
    callbacks.read = [&](std::span<std::byte> into, const Wake&) -> Result<IoStep> {
        given += into.size();
        return IoStep{into.size(), false};
    };
    PumpedSource source(filestore::source_from_callback(callbacks), executor);
    executor->run_all();
    CHECK(given == 0);
    CHECK(read_step(source, 10) == "(would block)");
    executor->run_all();
    CHECK(given == std::size_t{2} * 512 * 1024);
}

TEST_CASE("the failure of a pumped source comes after the bytes before it", "[pump]") {
    PumpedSource source(filestore::test::failing_source("abc", 7), make_thread_pool());
    const auto waiter = std::make_shared<Waiter>();
    std::array<std::byte, 10> room{};
    REQUIRE(source.read(room, waiter->handle())->would_block);
    waiter->wait();
    CHECK(read_step(source, 10) == "abc");
    const auto failed = drain(source, 10);
    REQUIRE_FALSE(failed.ok());
    CHECK(failed.error().code() == ErrorCode::source_failed);
    CHECK(failed.error().details().caller_code == 7);
}

TEST_CASE("a blocking source that throws or does not block fails", "[pump]") {
    CallbackSource callbacks;
    callbacks.read = [](std::span<std::byte>, const Wake&) -> Result<IoStep> {
        throw std::runtime_error("oops");
    };
    PumpedSource throwing(filestore::source_from_callback(callbacks), make_thread_pool());
    CHECK(drain(throwing, 10).error().code() == ErrorCode::source_failed);
    callbacks.read = [](std::span<std::byte>, const Wake&) -> Result<IoStep> { return IoStep{0, true}; };
    PumpedSource waiting(filestore::source_from_callback(callbacks), make_thread_pool());
    CHECK(drain(waiting, 10).error().code() == ErrorCode::source_failed);
}

TEST_CASE("a source is released only when it is no longer read", "[pump]") {
    std::promise<void> inside;
    std::promise<void> go_on;
    std::atomic<bool> returned{false};
    CallbackSource callbacks;
    callbacks.read = [&](std::span<std::byte> into, const Wake&) -> Result<IoStep> {
        inside.set_value();
        go_on.get_future().wait();
        returned = true;
        return IoStep{into.size(), false};
    };
    auto inner = filestore::source_from_callback(callbacks);
    const std::weak_ptr<filestore::Source> watched = inner;
    PumpedSource source(std::move(inner), make_thread_pool());
    CHECK(read_step(source, 10) == "(would block)");
    inside.get_future().wait();
    std::promise<bool> released;
    source.when_released([&] { released.set_value(returned && watched.expired()); });
    go_on.set_value();
    CHECK(released.get_future().get());
    CHECK(read_step(source, 10) == "cancelled");
}

TEST_CASE("a source that was never read is released at once", "[pump]") {
    PumpedSource source(blocking_source("abc"), make_thread_pool());
    std::promise<bool> released;
    source.when_released([&] { released.set_value(filestore::on_library_thread()); });
    CHECK(released.get_future().get());
}

TEST_CASE("a pumped sink hands on every byte in order", "[pump]") {
    for (const std::size_t size : {std::size_t{0}, std::size_t{1}, std::size_t{5'000'000}}) {
        INFO(size);
        const std::string content = random_bytes(size);
        std::string received;
        CallbackSink callbacks;
        callbacks.write = [&](std::span<const std::byte> bytes, const Wake&) -> Result<IoStep> {
            const std::size_t count = std::min<std::size_t>(bytes.size(), 100'000);
            received.append(reinterpret_cast<const char*>(bytes.data()), count);
            return IoStep{count, false};
        };
        PumpedSink sink(filestore::sink_to_callback(callbacks), make_thread_pool());
        REQUIRE(push(sink, content).ok());
        REQUIRE(written(sink).ok());
        CHECK(received == content);
    }
}

TEST_CASE("a pumped sink takes two buffers ahead and then waits", "[pump]") {
    const auto executor = std::make_shared<ManualExecutor>();
    PumpedSink sink(std::make_shared<filestore::BufferSink>(), executor);
    const std::string content(3'000'000, 'x');
    std::size_t taken = 0;
    while (true) {
        const auto step = sink.write(bytes_of(content), no_wake());
        REQUIRE(step.ok());
        if (step->would_block) {
            break;
        }
        taken += step->bytes;
    }
    CHECK(taken == std::size_t{2} * 512 * 1024);
    executor->run_all();
    CHECK(sink.write(bytes_of(content), no_wake())->bytes > 0);
    executor->run_all();
}

TEST_CASE("what a pumped sink takes in pieces is handed on together", "[pump]") {
    std::vector<std::size_t> writes;
    CallbackSink callbacks;
    callbacks.write = [&](std::span<const std::byte> bytes, const Wake&) -> Result<IoStep> {
        writes.push_back(bytes.size());
        return IoStep{bytes.size(), false};
    };
    const auto executor = std::make_shared<ManualExecutor>();
    PumpedSink sink(filestore::sink_to_callback(callbacks), executor);
    for (int i = 0; i < 10; ++i) {
        CHECK(sink.write(bytes_of("piece"), no_wake())->bytes == 5);
    }
    executor->run_all();
    CHECK(writes == std::vector<std::size_t>{50});
}

TEST_CASE("the failure of a pumped sink comes back", "[pump]") {
    const auto failing = std::make_shared<filestore::test::FailingSink>(10, 9);
    PumpedSink sink(failing, make_thread_pool());
    const auto pushed = push(sink, std::string(10'000'000, 'x'));
    REQUIRE_FALSE(pushed.ok());
    CHECK(pushed.error().code() == ErrorCode::sink_failed);
    CHECK(pushed.error().details().caller_code == 9);
    CHECK(written(sink).error().details().caller_code == 9);

    PumpedSink late(std::make_shared<filestore::test::FailingSink>(1, 9), make_thread_pool());
    REQUIRE(push(late, "abc").ok());
    CHECK(written(late).error().details().caller_code == 9);
}

TEST_CASE("a blocking sink that does not block fails", "[pump]") {
    CallbackSink callbacks;
    callbacks.write = [](std::span<const std::byte>, const Wake&) -> Result<IoStep> {
        return IoStep{0, true};
    };
    PumpedSink sink(filestore::sink_to_callback(callbacks), make_thread_pool());
    REQUIRE(push(sink, "abc").ok());
    CHECK(written(sink).error().code() == ErrorCode::sink_failed);
}

TEST_CASE("a sink is let go before the end is told", "[pump]") {
    auto inner = std::make_shared<filestore::BufferSink>();
    const std::weak_ptr<filestore::BufferSink> watched = inner;
    PumpedSink sink(std::move(inner), make_thread_pool());
    REQUIRE(push(sink, "abc").ok());
    std::promise<bool> gone;
    sink.when_written([&](const Result<void>&) { gone.set_value(watched.expired()); });
    CHECK(gone.get_future().get());
}
