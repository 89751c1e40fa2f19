#include "core/blocking_call.h"

#include <catch2/catch.hpp>
#include <new>
#include <thread>

using filestore::Completion;
using filestore::ErrorCode;
using filestore::LibraryThreadScope;
using filestore::Result;
using filestore::wait_for;

TEST_CASE("waiting gives the answer of the call", "[blocking_call]") {
    std::jthread worker;
    const auto answer = wait_for<int>(
        [&](Completion<int> done) { worker = std::jthread([done = std::move(done)] { done(42); }); });
    REQUIRE(answer.ok());
    CHECK(*answer == 42);
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
