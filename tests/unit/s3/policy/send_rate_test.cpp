#include "s3/policy/send_rate.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <queue>
#include <random>
#include <vector>

#include "s3/policy/retry_budget.h"
#include "s3/policy/retry_policy.h"

using namespace filestore::s3;
using namespace std::chrono_literals;

namespace {

using Time = SendRate::Time;

/// Of one call.
constexpr unsigned most_attempts = 5;

/// Half of it is sent after the first throttle.
constexpr SendRateOptions of_unknown_limit_10{.unknown_limit = 10};

/// Takes so many requests a second, and a few at once; answers the others with a throttle.
class ThrottlingServer {
public:
    ThrottlingServer(double per_second, double burst)
        : per_second_(per_second), burst_(burst), tokens_(burst) {}

    bool take(Time now) {
        const std::chrono::duration<double> elapsed = now - last_;
        last_ = now;
        tokens_ = std::min(burst_, tokens_ + elapsed.count() * per_second_);
        if (tokens_ < 1) {
            return false;
        }
        tokens_ -= 1;
        return true;
    }

    void set_capacity(double per_second) { per_second_ = per_second; }

private:
    double per_second_;
    double burst_;
    double tokens_;
    Time last_{};
};

/// What happens next to one client.
struct Event {
    Time at;
    int client = 0;
    enum class Kind { arrival, answer } kind = Kind::arrival;
    bool accepted = false;

    friend bool operator<(const Event& a, const Event& b) { return a.at > b.at; }
};

struct Outcome {
    std::uint64_t requests = 0;
    std::uint64_t successes = 0;
};

/// Clients that share a limiter and a budget, each with one call after the other, in simulated time.
class Simulation {
public:
    Simulation(ThrottlingServer server, int clients)
        : server_(server), attempts_(static_cast<std::size_t>(clients), 1) {
        for (int client = 0; client < clients; ++client) {
            send(client, now_);
        }
    }

    Outcome run(std::chrono::seconds time) {
        outcome_ = {};
        for (const Time end = now_ + time; events_.top().at <= end;) {
            const Event event = events_.top();
            events_.pop();
            now_ = event.at;
            event.kind == Event::Kind::arrival ? arrive(event) : finish(event);
        }
        return outcome_;
    }

    ThrottlingServer& server() { return server_; }
    [[nodiscard]] std::optional<double> rate() const { return rate_.rate(now_); }

private:
    std::chrono::microseconds one_way() { return std::chrono::microseconds(5'000 + random_() % 10'000); }

    void send(int client, Time ready) {
        events_.push({ready + *rate_.acquire(ready) + one_way(), client, Event::Kind::arrival});
    }

    void arrive(const Event& event) {
        ++outcome_.requests;
        events_.push({now_ + one_way(), event.client, Event::Kind::answer, server_.take(now_)});
    }

    void finish(const Event& event) {
        unsigned& attempt = attempts_[static_cast<std::size_t>(event.client)];
        if (event.accepted) {
            rate_.on_answer(now_);
            budget_.on_success(attempt > 1);
            ++outcome_.successes;
            attempt = 1;
            return send(event.client, now_);
        }
        rate_.on_throttle(now_);
        attempt = attempt < most_attempts && budget_.take() ? attempt + 1 : 1;
        // A call that was given up is followed by the caller's next one, which waits as long.
        send(event.client, now_ + backoff({}, std::max(attempt, 2U), random_()));
    }

    ThrottlingServer server_;
    SendRate rate_;
    RetryBudget budget_;
    std::mt19937_64 random_{7};
    std::vector<unsigned> attempts_;
    std::priority_queue<Event> events_;
    Time now_{};
    Outcome outcome_;
};

void check_outcome(const Outcome& outcome, double capacity) {
    const double share = static_cast<double>(outcome.successes) / capacity;
    const double cost = static_cast<double>(outcome.requests) / static_cast<double>(outcome.successes);
    INFO(share << " of the capacity, " << cost << " requests a success");
    CHECK(share >= 0.9);
    CHECK(cost <= 1.3);
}

}  // namespace

TEST_CASE("64 clients get nearly all of what a server of 100 requests a second has", "[s3][send_rate]") {
    for (const double burst : {5.0, 20.0, 100.0}) {
        INFO("burst " << burst);
        Simulation simulation(ThrottlingServer(100, burst), 64);
        const Outcome outcome = simulation.run(120s);
        check_outcome(outcome, 100 * 120.0);
    }
}

TEST_CASE("clients follow a server that grows and shrinks", "[s3][send_rate]") {
    Simulation simulation(ThrottlingServer(100, 20), 64);
    (void)simulation.run(60s);
    simulation.server().set_capacity(400);
    (void)simulation.run(30s);
    check_outcome(simulation.run(60s), 400 * 60.0);
    simulation.server().set_capacity(50);
    (void)simulation.run(10s);
    check_outcome(simulation.run(60s), 50 * 60.0);
}

TEST_CASE("there is no bound until the server throttles, and none long after", "[s3][send_rate]") {
    SendRate rate;
    Time now{};
    for (int request = 0; request < 1000; ++request) {
        REQUIRE(rate.acquire(now) == 0s);
        rate.on_answer(now);
    }
    CHECK_FALSE(rate.rate(now));
    rate.on_throttle(now);
    CHECK(rate.rate(now));
    CHECK(rate.acquire(now) == 0s);
    CHECK(rate.acquire(now) > 0s);
    now += 59s;
    CHECK(rate.rate(now));
    now += 1s;
    CHECK(rate.acquire(now) == 0s);
    CHECK(rate.acquire(now) == 0s);
    CHECK_FALSE(rate.rate(now));
}

TEST_CASE("a throttle halves the rate, and one wish counts once", "[s3][send_rate]") {
    SendRate rate;
    Time now{};
    for (int request = 0; request <= 100; ++request, now += 10ms) {
        rate.on_answer(now);
    }
    rate.on_throttle(now);
    const double halved = rate.rate(now).value();
    CHECK(halved == Approx(50).epsilon(0.1));
    rate.on_throttle(now + 499ms);
    CHECK(rate.rate(now).value() == halved);
    CHECK(rate.rate(now + 500ms).value() > 1.5 * halved);
    CHECK(rate.rate(now + 1s).value() == Approx(2 * halved));
    CHECK(rate.rate(now + 10s).value() > 4 * halved);
}

TEST_CASE("a client that sends little is not slowed down to that little", "[s3][send_rate]") {
    SendRate rate;
    Time now{};
    for (int request = 0; request < 3; ++request, now += 1s) {
        CHECK(rate.acquire(now) == 0s);
        rate.on_answer(now + 10ms);
    }
    for (int wish = 0; wish < 3; ++wish, now += 1s) {
        CHECK(rate.acquire(now) == 0s);
        rate.on_throttle(now + 10ms);
        INFO(wish);
        CHECK(rate.rate(now + 10ms).value() > 20);
    }
}

TEST_CASE("the rate never falls to nothing", "[s3][send_rate]") {
    SendRate rate(of_unknown_limit_10);
    Time now{};
    rate.on_throttle(now);
    CHECK(rate.rate(now).value() == Approx(5));
    for (int wish = 0; wish < 100; ++wish, now += 1s) {
        rate.on_throttle(now);
        REQUIRE(rate.rate(now).value() >= 0.5);
        REQUIRE(rate.acquire(now) <= 5min);
    }
}

TEST_CASE("places are spread at the rate", "[s3][send_rate]") {
    SendRate rate(of_unknown_limit_10);
    Time now{};
    rate.on_throttle(now);
    CHECK(rate.acquire(now) == 0ms);
    CHECK(rate.acquire(now) == 200ms);
    // Nearer and nearer, while the rate grows.
    CHECK(rate.acquire(now) > 300ms);
    CHECK(rate.acquire(now) < 500ms);
    // A pause is not saved up.
    now += 2s;
    CHECK(rate.acquire(now) == 0ms);
    CHECK(rate.acquire(now) > 0ms);
}

TEST_CASE("who cannot wait for a place takes none, and who gives up gives it to the next",
          "[s3][send_rate]") {
    SendRate rate(of_unknown_limit_10);
    const Time now{};
    rate.on_throttle(now);
    CHECK(rate.acquire(now) == 0ms);
    for (int call = 0; call < 1000; ++call) {
        CHECK_FALSE(rate.acquire(now, now + 199ms));
    }
    CHECK(rate.acquire(now, now + 200ms) == 200ms);
    const auto last = rate.acquire(now).value();
    rate.give_back(now + 200ms);
    CHECK(rate.acquire(now) == 200ms);
    CHECK(rate.acquire(now).value() > last);
    // One whose time has passed is no use to anybody.
    rate.give_back(now + 200ms);
    CHECK(rate.acquire(now + 201ms).value() > last);
}
