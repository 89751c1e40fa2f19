#include "core/pending_calls.h"

#include <atomic>
#include <catch2/catch.hpp>
#include <thread>

#include "core/library_thread.h"
#include "support/eventually.h"

using filestore::ErrorCode;
using filestore::LibraryThreadScope;
using filestore::PendingCalls;
using filestore::test::eventually;

TEST_CASE("a call is stopped by its caller's token", "[pending_calls]") {
    const auto calls = std::make_shared<PendingCalls>();
    std::stop_source caller;
    const auto call = calls->begin(caller.get_token());
    const auto other = calls->begin({});
    REQUIRE(call.ok());
    REQUIRE(other.ok());
    CHECK_FALSE((*call)->token().stop_requested());
    caller.request_stop();
    CHECK((*call)->token().stop_requested());
    CHECK_FALSE((*other)->token().stop_requested());
}

TEST_CASE("a token that was triggered before stops the call at once", "[pending_calls]") {
    const auto calls = std::make_shared<PendingCalls>();
    std::stop_source caller;
    caller.request_stop();
    const auto call = calls->begin(caller.get_token());
    REQUIRE(call.ok());
    CHECK((*call)->token().stop_requested());
}

TEST_CASE("closing stops every call and waits for its end", "[pending_calls]") {
    const auto calls = std::make_shared<PendingCalls>();
    std::atomic<int> ended{0};
    std::vector<std::jthread> workers;
    for (int i = 0; i < 20; ++i) {
        auto call = calls->begin({});
        REQUIRE(call.ok());
        workers.emplace_back([&ended, own = std::move(*call)]() mutable {
            static_cast<void>(eventually([&] { return own->token().stop_requested(); }));
            ++ended;
            own.reset();
        });
    }
    calls->close();
    CHECK(ended == 20);
}

TEST_CASE("a call that begins after closing is refused", "[pending_calls]") {
    const auto calls = std::make_shared<PendingCalls>();
    CHECK(calls->close());
    const auto call = calls->begin({});
    REQUIRE_FALSE(call.ok());
    CHECK(call.error().code() == ErrorCode::cancelled);
    CHECK(calls->close());
}

TEST_CASE("closing on a library thread does not wait", "[pending_calls]") {
    const auto calls = std::make_shared<PendingCalls>();
    const auto call = calls->begin({});
    REQUIRE(call.ok());
    const LibraryThreadScope scope;
    CHECK_FALSE(calls->close());
    CHECK((*call)->token().stop_requested());
}

TEST_CASE("a call outlives its registry's owner", "[pending_calls]") {
    auto calls = std::make_shared<PendingCalls>();
    auto call = calls->begin({});
    REQUIRE(call.ok());
    calls.reset();
    CHECK_FALSE((*call)->token().stop_requested());
}
