#include "s3/credentials/refreshing.h"

#include <catch2/catch.hpp>
#include <thread>

#include "support/credentials.h"

using namespace filestore;
using namespace filestore::test;
using namespace std::chrono_literals;

namespace {

struct Setup {
    Setup() = default;
    Setup(const Setup&) = delete;
    Setup& operator=(const Setup&) = delete;
    /// An open call holds the provider.
    ~Setup() { inner->drop(); }

    std::shared_ptr<FakeClock> clock = std::make_shared<FakeClock>();
    std::shared_ptr<OpenProvider> inner = std::make_shared<OpenProvider>();
    s3::CredentialsProviderPtr provider = s3::make_refreshing_provider(inner, clock);
    Answers<s3::ResolvedCredentials> answers;

    void get(std::stop_token cancel = {}) { provider->get(std::move(cancel), answers.next()); }

    /// The keys that a call gets at once: "(waits)" where it does not, the code's name where it fails.
    std::string get_now() {
        const std::size_t before = answers.count();
        get();
        if (answers.count() == before) {
            return "(waits)";
        }
        return last();
    }

    std::string last() {
        const auto result = answers.wait_for(1).back();
        return result.ok() ? result->keys.access_key : std::string(to_string(result.error().code()));
    }

    /// Keeps keys that end after `life`.
    void keep(const std::string& name, std::chrono::microseconds life) {
        get();
        inner->answer(keys_named(name, clock->now() + life));
    }
};

Error failed() {
    return Error(ErrorCode::unavailable, "the endpoint is down");
}

}  // namespace

TEST_CASE("nothing is asked before the first call", "[s3][credentials]") {
    const Setup setup;
    CHECK(setup.inner->asked() == 0);
}

TEST_CASE("keys that end too early are asked for anew, once", "[s3][credentials]") {
    Setup setup;
    setup.keep("short", 20min);
    const auto get_lasting = [&](std::chrono::minutes life) {
        setup.provider->get_lasting(setup.clock->now() + life, {}, setup.answers.next());
    };
    setup.clock->advance(1min);
    get_lasting(19min);
    CHECK(setup.inner->asked() == 1);
    CHECK(setup.last() == "short");

    const std::size_t before = setup.answers.count();
    get_lasting(60min);
    CHECK(setup.inner->asked() == 2);
    CHECK(setup.answers.count() == before);
    CHECK(setup.get_now() == "short");
    SECTION("and longer ones are given") {
        setup.inner->answer(keys_named("long", setup.clock->now() + 90min));
        CHECK(setup.answers.count() == before + 2);
        CHECK(setup.last() == "long");
        CHECK(setup.get_now() == "long");
    }
    SECTION("and those that hold are given where that fails") {
        setup.inner->answer(failed());
        CHECK(setup.answers.count() == before + 2);
        CHECK(setup.last() == "short");
    }
    SECTION("and others that are short are not asked for again at once") {
        setup.inner->answer(keys_named("short too", setup.clock->now() + 20min));
        get_lasting(60min);
        CHECK(setup.inner->asked() == 2);
        CHECK(setup.last() == "short too");
    }
}

TEST_CASE("a hundred threads that need keys make one request", "[s3][credentials]") {
    Setup setup;
    std::vector<std::thread> threads;
    for (int i = 0; i < 100; ++i) {
        threads.emplace_back([&] { setup.get(); });
    }
    for (std::thread& thread : threads) {
        thread.join();
    }
    CHECK(setup.inner->asked() == 1);
    CHECK(setup.answers.count() == 0);
    setup.inner->answer(keys_named("first"));
    for (const auto& result : setup.answers.wait_for(100)) {
        REQUIRE(result.ok());
        CHECK(result->keys.access_key == "first");
    }
    CHECK(setup.inner->asked() == 1);
}

TEST_CASE("keys are renewed five minutes before they end, while calls go on with those that hold",
          "[s3][credentials]") {
    Setup setup;
    setup.keep("first", 1h);
    setup.clock->advance(55min - 1s);
    CHECK(setup.get_now() == "first");
    CHECK(setup.inner->asked() == 1);
    setup.clock->advance(1s);
    CHECK(setup.get_now() == "first");
    CHECK(setup.inner->asked() == 2);
    // One renewal is under way: the next calls start none.
    CHECK(setup.get_now() == "first");
    CHECK(setup.inner->asked() == 2);
    setup.inner->answer(keys_named("second", setup.clock->now() + 1h));
    CHECK(setup.get_now() == "second");
    CHECK(setup.inner->asked() == 2);
}

TEST_CASE("keys that have ended are not given", "[s3][credentials]") {
    Setup setup;
    setup.keep("first", 1h);
    setup.clock->advance(1h);
    CHECK(setup.get_now() == "(waits)");
    setup.inner->answer(keys_named("second", setup.clock->now() + 1h));
    CHECK(setup.last() == "second");
}

TEST_CASE("a renewal that fails is tried again later and fails no call while keys hold",
          "[s3][credentials]") {
    Setup setup;
    setup.keep("first", 1h);
    setup.clock->advance(56min);
    CHECK(setup.get_now() == "first");
    setup.inner->answer(failed());
    CHECK(setup.get_now() == "first");
    CHECK(setup.inner->asked() == 2);
    setup.clock->advance(9s);
    CHECK(setup.get_now() == "first");
    CHECK(setup.inner->asked() == 2);
    setup.clock->advance(1s);
    CHECK(setup.get_now() == "first");
    CHECK(setup.inner->asked() == 3);
    setup.inner->answer(failed());
    // The pause grows.
    setup.clock->advance(19s);
    CHECK(setup.get_now() == "first");
    CHECK(setup.inner->asked() == 3);
    setup.clock->advance(1s);
    CHECK(setup.get_now() == "first");
    CHECK(setup.inner->asked() == 4);
    setup.inner->answer(failed());

    setup.clock->advance(4min);
    CHECK(setup.get_now() == "(waits)");
    setup.inner->answer(failed());
    CHECK(setup.last() == "unavailable");
    CHECK(setup.get_now() == "(waits)");
    setup.inner->answer(keys_named("second"));
    CHECK(setup.last() == "second");
}

TEST_CASE("keys that live shorter than five minutes are not asked for with every call", "[s3][credentials]") {
    Setup setup;
    setup.keep("first", 2min);
    CHECK(setup.get_now() == "first");
    CHECK(setup.inner->asked() == 1);
    setup.clock->advance(30s);
    CHECK(setup.get_now() == "first");
    CHECK(setup.inner->asked() == 2);
}

TEST_CASE("keys that do not end are kept", "[s3][credentials]") {
    Setup setup;
    setup.get();
    setup.inner->answer(keys_named("first"));
    setup.clock->advance(24h * 365);
    CHECK(setup.get_now() == "first");
    CHECK(setup.inner->asked() == 1);
}

TEST_CASE("keys that arrive ended are a failure that names the clock", "[s3][credentials]") {
    Setup setup;
    setup.get();
    setup.inner->answer(keys_named("first", setup.clock->now()));
    const auto result = setup.answers.wait_for_one();
    CHECK(result.error().code() == ErrorCode::unauthenticated);
    CHECK(failure_of(result).find("check the clock") != std::string::npos);
}

TEST_CASE("refused keys are asked for anew once", "[s3][credentials]") {
    Setup setup;
    setup.keep("first", 1h);
    const s3::Credentials first = keys_named("first").keys;
    setup.provider->refuse(first);
    CHECK(setup.get_now() == "(waits)");
    CHECK(setup.inner->asked() == 2);
    // The endpoint still gives the same: refusing them again changes nothing for a while.
    setup.inner->answer(keys_named("first", setup.clock->now() + 1h));
    setup.provider->refuse(first);
    CHECK(setup.get_now() == "first");
    CHECK(setup.inner->asked() == 2);
    setup.clock->advance(30s);
    setup.provider->refuse(first);
    CHECK(setup.get_now() == "(waits)");
    setup.inner->answer(keys_named("second", setup.clock->now() + 1h));
    CHECK(setup.last() == "second");
}

TEST_CASE("the refusal of keys that are no longer given is passed over", "[s3][credentials]") {
    Setup setup;
    setup.keep("second", 1h);
    setup.provider->refuse(keys_named("first").keys);
    CHECK(setup.get_now() == "second");
    CHECK(setup.inner->asked() == 1);
}

TEST_CASE("a call that is cancelled ends at once, and the others get their keys", "[s3][credentials]") {
    Setup setup;
    std::stop_source stop;
    setup.get(stop.get_token());
    setup.get();
    stop.request_stop();
    CHECK(setup.last() == "cancelled");
    CHECK_FALSE(setup.inner->last_was_cancelled());
    setup.inner->answer(keys_named("first"));
    CHECK(setup.answers.count() == 2);
    CHECK(setup.last() == "first");

    std::stop_source stopped;
    stopped.request_stop();
    setup.provider->refuse(keys_named("first").keys);
    setup.get(stopped.get_token());
    CHECK(setup.last() == "cancelled");
    setup.inner->answer(keys_named("first"));
    CHECK(setup.answers.count() == 3);
}

TEST_CASE("close cancels the request under way, and later calls", "[s3][credentials]") {
    Setup setup;
    setup.get();
    setup.provider->close();
    CHECK(setup.inner->last_was_cancelled());
    setup.inner->answer(Error(ErrorCode::cancelled));
    CHECK(setup.last() == "cancelled");
    CHECK(setup.get_now() == "cancelled");
    CHECK(setup.inner->asked() == 1);
}

TEST_CASE("a provider that goes while it is asked still answers", "[s3][credentials]") {
    Setup setup;
    setup.get();
    setup.provider.reset();
    setup.inner->answer(keys_named("first"));
    CHECK(setup.last() == "first");
}
