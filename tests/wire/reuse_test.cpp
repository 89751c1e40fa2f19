/// How many connections are made, to which addresses, and how the exchanges take turns on them.

#include <algorithm>
#include <catch2/catch.hpp>
#include <filesystem>
#include <set>

#include "support/eventually.h"
#include "wire/fake_names.h"
#include "wire/http_client.h"
#include "wire/scripted_server.h"

using namespace filestore;
using namespace filestore::test;
using namespace std::chrono_literals;

namespace {

const std::string fine = answer("200 OK", "", "fine");

std::string url_of(const std::string& name, const ScriptedServer& server) {
    return "http://" + name + ":" + std::to_string(server.port()) + "/";
}

std::size_t descriptor_count() {
    const std::filesystem::directory_iterator open("/proc/self/fd");
    return static_cast<std::size_t>(std::distance(begin(open), end(open)));
}

Script with_a_kept_end(Script script) {
    script.emplace_back(Stall{});
    return script;
}

}  // namespace

TEST_CASE("a thousand requests, whatever their answers, use one connection", "[transport][reuse]") {
    const std::string answers[] = {
        fine,
        answer("404 Not Found", "", "no"),
        answer("412 Precondition Failed", "", ""),
        answer("403 Forbidden", "", std::string(5000, 'x')),
        answer("503 Slow Down", "", "later"),
        "HTTP/1.1 204 No Content\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nfine\r\n0\r\n\r\n",
        answer("307 Temporary Redirect", "Location: http://127.0.0.1:1/\r\n", "go")};
    const int statuses[] = {200, 404, 412, 403, 503, 204, 200, 307};
    std::vector<std::string> conversation_of_thousand;
    for (std::size_t i = 0; i < 1000; ++i) {
        conversation_of_thousand.push_back(answers[i % std::size(answers)]);
    }
    const ScriptedServer server({conversation(conversation_of_thousand)});
    const HttpClient client;
    for (std::size_t i = 0; i < 1000; ++i) {
        const Exchanged exchanged = client.get(server.endpoint());
        REQUIRE(exchanged.outcome.ok());
        REQUIRE(exchanged.head.status == statuses[i % std::size(statuses)]);
    }
    CHECK(server.requests().size() == 1000);
    CHECK(server.connections() == 1);
}

TEST_CASE("a thousand requests after a burst use one of its connections", "[transport][reuse]") {
    constexpr std::size_t count = 100;
    std::promise<void> all_sent;
    Script script{ExpectRequest{}, Await{all_sent.get_future().share()}, Send{fine}};
    const Script others = conversation(std::vector<std::string>(1000, fine));
    script.insert(script.end(), others.begin(), others.end());
    const ScriptedServer server(std::vector<Script>(count, script));
    http::TransportOptions options;
    options.event_loops = 1;
    options.max_connections = count;
    const HttpClient client(options);
    std::vector<std::shared_ptr<KeepingReceiver>> burst;
    for (std::size_t i = 0; i < count; ++i) {
        burst.push_back(client.send(HttpClient::get_of(server.endpoint())));
    }
    CHECK(eventually([&] { return server.requests().size() == count; }));
    all_sent.set_value();
    for (const auto& exchange : burst) {
        CHECK(exchange->wait().outcome.ok());
    }
    for (std::size_t i = 0; i < 1000; ++i) {
        REQUIRE(client.get(server.endpoint()).outcome.ok());
    }
    const auto requests = server.requests();
    REQUIRE(requests.size() == count + 1000);
    std::set<std::size_t> used;
    for (std::size_t i = count; i < requests.size(); ++i) {
        used.insert(requests[i].connection);
    }
    CHECK(used.size() == 1);
    CHECK(server.connections() == count);
}

TEST_CASE("a thousand requests use one connection while more are paused than may run", "[transport][reuse]") {
    constexpr std::size_t paused = 100;
    constexpr std::size_t at_a_time = 20;
    ScriptedServer server(std::vector<Script>(
        paused, {ExpectRequest{}, Send{"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nx"}, Stall{}}));
    server.repeat(conversation(std::vector<std::string>(1000, fine)));
    const HttpClient client;
    std::vector<std::shared_ptr<KeepingReceiver>> exchanges;
    while (exchanges.size() < paused) {
        const auto pause = std::make_shared<PauseSwitch>();
        for (std::size_t i = 0; i < at_a_time; ++i) {
            http::Request request = HttpClient::get_of(server.endpoint());
            request.pause = pause;
            exchanges.push_back(client.send(std::move(request)));
        }
        CHECK(eventually([&] {
            return std::all_of(exchanges.begin(), exchanges.end(),
                               [](const auto& exchange) { return exchange->received == 1; });
        }));
        pause->pause();
    }
    for (std::size_t i = 0; i < 1000; ++i) {
        REQUIRE(client.get(server.endpoint()).outcome.ok());
    }
    CHECK(server.connections() == paused + 1);
}

TEST_CASE("a connection that was idle for too long is not used again", "[transport][reuse]") {
    const ScriptedServer server({conversation({fine, fine}), conversation({fine})});
    http::TransportOptions options;
    options.max_idle_age = 1s;
    const HttpClient client(options);
    CHECK(client.get(server.endpoint()).outcome.ok());
    std::this_thread::sleep_for(2500ms);
    CHECK(client.get(server.endpoint()).outcome.ok());
    CHECK(server.connections() == 2);
}

TEST_CASE("a connection that is old is not used again, busy as it may be", "[transport][reuse]") {
    const ScriptedServer server(std::vector<Script>(2, conversation(std::vector<std::string>(1000, fine))));
    http::TransportOptions options;
    options.max_connection_age = 1s;
    const HttpClient client(options);
    CHECK(eventually([&] {
        std::this_thread::sleep_for(10ms);
        return client.get(server.endpoint()).outcome.ok() && server.connections() == 2;
    }));
}

TEST_CASE("a name is resolved once, for all loops", "[transport][names]") {
    const FakeName name("store.test", {"127.0.0.1"});
    const ScriptedServer server({{ExpectRequest{}, Stall{}}, {ExpectRequest{}, Send{fine}}});
    const HttpClient client;
    // The first loop has something to do: a bulk request goes to the other.
    const auto first = client.send(HttpClient::get_of(url_of("store.test", server)));
    CHECK(eventually([&] { return server.requests().size() == 1; }));
    http::Request request = HttpClient::get_of(url_of("store.test", server));
    request.bulk = true;
    const Exchanged second = client.send(std::move(request))->wait();
    CHECK(second.outcome.ok());
    CHECK_FALSE(first->ended);
    CHECK(name.lookups() == 1);
}

TEST_CASE("new connections go where the name points now", "[transport][names]") {
    // One server listens on all loopback addresses: which one was asked is in the request.
    FakeName name("store.test", {"127.0.0.1"});
    const ScriptedServer before({conversation({answer("200 OK", "", "before")})});
    http::TransportOptions options;
    options.dns_cache_time = 0s;
    options.max_connection_age = 1s;
    const HttpClient client(options);
    CHECK(client.get(url_of("store.test", before)).body == "before");
    name.set_addresses({"127.0.0.2"});
    // Nobody listens there.
    CHECK(eventually([&] {
        std::this_thread::sleep_for(10ms);
        return !client.get(url_of("store.test", before)).outcome.ok();
    }));
    CHECK(name.lookups() >= 2);
}

TEST_CASE("an address that cannot be connected to is passed over", "[transport][names]") {
    const FakeName name("store.test", {"127.0.0.2", "127.0.0.3", "127.0.0.1"});
    const ScriptedServer server({conversation({fine})});
    http::TransportOptions options;
    options.shuffle_addresses = GENERATE(true, false);
    CHECK(HttpClient(options).get(url_of("store.test", server)).body == "fine");
}

TEST_CASE("exchanges that wait take their turns in order", "[transport][queue]") {
    constexpr int count = 200;
    std::promise<void> all_sent;
    Script script{ExpectRequest{}, Await{all_sent.get_future().share()}, Send{fine}};
    const Script others = conversation(std::vector<std::string>(count - 1, fine));
    script.insert(script.end(), others.begin(), others.end());
    const ScriptedServer server({script});
    http::TransportOptions options;
    options.event_loops = 1;
    options.max_connections = 1;
    const HttpClient client(options);
    std::vector<std::shared_ptr<KeepingReceiver>> exchanges;
    exchanges.reserve(count);
    for (int i = 0; i < count; ++i) {
        exchanges.push_back(client.send(HttpClient::get_of(server.endpoint() + "/" + std::to_string(i))));
        // Some come to the loop alone, others many at a time.
        if (i < 10) {
            std::this_thread::sleep_for(2ms);
        }
    }
    all_sent.set_value();
    for (const auto& exchange : exchanges) {
        CHECK(exchange->wait().outcome.ok());
    }
    const auto requests = server.requests();
    REQUIRE(requests.size() == count);
    for (int i = 0; i < count; ++i) {
        CHECK(requests[static_cast<std::size_t>(i)].line() == "GET /" + std::to_string(i) + " HTTP/1.1");
    }
    CHECK(server.connections() == 1);
}

TEST_CASE("five thousand exchanges at once need few connections, threads and descriptors",
          "[transport][queue]") {
    constexpr int count = 5000;
    const std::size_t threads_before = thread_count();
    const std::size_t descriptors_before = descriptor_count();
    {
        const ScriptedServer server(
            std::vector<Script>(64, with_a_kept_end(conversation(std::vector<std::string>(count, fine)))));
        http::TransportOptions options;
        options.max_connections = 16;
        const HttpClient client(options);
        std::vector<std::shared_ptr<KeepingReceiver>> exchanges;
        for (int i = 0; i < count; ++i) {
            http::Request request = HttpClient::get_of(server.endpoint());
            request.bulk = i % 2 == 0;
            exchanges.push_back(client.send(std::move(request)));
        }
        std::size_t most_threads = 0;
        for (const auto& exchange : exchanges) {
            const Exchanged exchanged = exchange->wait();
            REQUIRE(exchanged.outcome.ok());
            REQUIRE(exchanged.body == "fine");
            most_threads = std::max(most_threads, thread_count());
        }
        CHECK(server.requests().size() == count);
        CHECK(server.connections() <= 16);
        // The server has one to accept and one for each connection.
        CHECK(most_threads <= threads_before + 1 + server.connections() + 8);
    }
    CHECK(eventually([&] { return descriptor_count() <= descriptors_before; }));
    CHECK(eventually([&] { return thread_count() <= threads_before; }));
}
