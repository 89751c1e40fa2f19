/// Exchanges that are paused and go on.

#include <catch2/catch.hpp>

#include "support/eventually.h"
#include "support/random_bytes.h"
#include "wire/http_client.h"
#include "wire/scripted_server.h"

using namespace filestore;
using namespace filestore::test;
using namespace std::chrono_literals;

namespace {

/// One loop, and something on it that shows that it has turned.
struct Stage {
    http::TransportOptions options;
    ScriptedServer beside{{conversation(std::vector<std::string>(1000, answer("200 OK", "", "x")))}};
    std::shared_ptr<PauseSwitch> pause = std::make_shared<PauseSwitch>();

    Stage() { options.event_loops = 1; }

    [[nodiscard]] http::Request with_switch(http::Request request) const {
        request.pause = pause;
        return request;
    }

    /// The loop has done the work of many turns.
    void turn(const HttpClient& client) const {
        for (int i = 0; i < 30; ++i) {
            REQUIRE(client.get(beside.endpoint()).outcome.ok());
        }
    }
};

std::string head_of(std::size_t length) {
    return "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(length) + "\r\n\r\n";
}

constexpr std::size_t large = 200'000'000;

}  // namespace

TEST_CASE("a paused download takes no byte", "[transport][pause]") {
    Stage stage;
    const ScriptedServer server(
        {{ExpectRequest{}, Send{head_of(std::size_t{1} << 50U)}, Drip{std::string(65536, 'x'), 0ms}}});
    const HttpClient client(stage.options);
    const auto receiver = std::make_shared<KeepingReceiver>();
    receiver->keeps_body = false;
    const auto exchange = client.send(stage.with_switch(HttpClient::get_of(server.endpoint())), receiver);
    for (int i = 0; i < 3; ++i) {
        const std::size_t before = exchange->received;
        CHECK(eventually([&] { return exchange->received > before; }));
        stage.pause->pause();
        stage.turn(client);
        const std::size_t received = exchange->received;
        stage.turn(client);
        CHECK(exchange->received == received);
        stage.pause->resume();
    }
}

TEST_CASE("a paused download goes on to the same bytes", "[transport][pause]") {
    Stage stage;
    const std::string content = random_bytes(20'000'000);
    const ScriptedServer server({{ExpectRequest{}, Send{answer("200 OK", "", content)}}});
    const HttpClient client(stage.options);
    const auto exchange = client.send(stage.with_switch(HttpClient::get_of(server.endpoint())));
    for (int i = 0; i < 3; ++i) {
        const std::size_t before = exchange->received;
        CHECK(eventually([&] { return exchange->received > before || exchange->ended; }));
        stage.pause->pause();
        CHECK(stage.pause->is_paused());
        stage.turn(client);
        const std::size_t received = exchange->received;
        stage.turn(client);
        CHECK(exchange->received == received);
        stage.pause->resume();
    }
    const Exchanged exchanged = exchange->wait();
    REQUIRE(exchanged.outcome.ok());
    CHECK(exchanged.body == content);
}

TEST_CASE("a paused upload gives no byte, and goes on", "[transport][pause]") {
    Stage stage;
    const ScriptedServer server({{ExpectHead{}, Send{"HTTP/1.1 100 Continue\r\n\r\n"}, ExpectBody{large},
                                  Send{answer("200 OK", "", "")}}});
    const HttpClient client(stage.options);
    const auto source = std::make_shared<CountingSource>(large);
    const auto exchange = client.send(stage.with_switch(HttpClient::put_of(server.endpoint(), source)));
    CHECK(eventually([&] { return source->given > 0; }));
    stage.pause->pause();
    stage.turn(client);
    const std::uint64_t given = source->given;
    CHECK(given < large);
    stage.turn(client);
    CHECK(source->given == given);
    CHECK_FALSE(exchange->ended);
    stage.pause->resume();
    CHECK(exchange->wait().outcome.ok());
    CHECK(source->given == large);
}

TEST_CASE("a paused exchange does not begin", "[transport][pause]") {
    Stage stage;
    const ScriptedServer server({conversation({answer("200 OK", "", "late")})});
    const HttpClient client(stage.options);
    stage.pause->pause();
    const auto exchange = client.send(stage.with_switch(HttpClient::get_of(server.endpoint())));
    stage.turn(client);
    CHECK(server.connections() == 0);
    stage.pause->resume();
    CHECK(exchange->wait().body == "late");
}

TEST_CASE("paused exchanges do not keep others from their turn", "[transport][pause]") {
    Stage stage;
    stage.options.max_connections = 2;
    const std::string endless = head_of(large);
    const ScriptedServer server(
        {{ExpectRequest{}, Send{endless + "x"}, Stall{}}, {ExpectRequest{}, Send{endless + "x"}, Stall{}}});
    const HttpClient client(stage.options);
    const auto one = client.send(stage.with_switch(HttpClient::get_of(server.endpoint())));
    const auto other = client.send(stage.with_switch(HttpClient::get_of(server.endpoint())));
    CHECK(eventually([&] { return one->received == 1 && other->received == 1; }));
    stage.pause->pause();
    stage.turn(client);
    CHECK_FALSE(one->ended);
    CHECK_FALSE(other->ended);
}

TEST_CASE("the time of a pause is no stall and no wait for the first byte", "[transport][pause]") {
    Stage stage;
    stage.options.stall_window = 1s;
    stage.options.first_byte_timeout = 1s;
    const HttpClient client(stage.options);
    std::promise<void> go_on;
    const auto gate = go_on.get_future().share();
    const bool head_came = GENERATE(true, false);
    const std::string whole = answer("200 OK", "", "whole");
    const std::size_t before_gate = head_came ? whole.size() - 2 : 0;
    const ScriptedServer server({{ExpectRequest{}, Send{whole.substr(0, before_gate)}, Await{gate},
                                  Send{whole.substr(before_gate)}}});
    // Another exchange shows that the limits would have passed.
    const ScriptedServer silent({{ExpectRequest{}, Stall{}}, {ExpectRequest{}, Stall{}}});
    const auto exchange = client.send(stage.with_switch(HttpClient::get_of(server.endpoint())));
    CHECK(eventually([&] { return head_came ? exchange->received > 0 : server.requests().size() == 1; }));
    stage.pause->pause();
    for (int i = 0; i < 2; ++i) {
        CHECK(client.get(silent.endpoint()).outcome.error().code() == ErrorCode::timeout);
    }
    CHECK_FALSE(exchange->ended);
    go_on.set_value();
    stage.pause->resume();
    CHECK(exchange->wait().body == "whole");
}

TEST_CASE("a paused exchange can be cancelled, and has its deadline", "[transport][pause]") {
    Stage stage;
    const HttpClient client(stage.options);
    const ScriptedServer server({{ExpectRequest{}, Send{head_of(large) + "x"}, Stall{}},
                                 {ExpectRequest{}, Send{head_of(large) + "x"}, Stall{}}});
    const bool has_begun = GENERATE(true, false);
    std::stop_source stop;
    http::Request cancelled = stage.with_switch(HttpClient::get_of(server.endpoint()));
    cancelled.cancel = stop.get_token();
    http::Request late = stage.with_switch(HttpClient::get_of(server.endpoint()));
    if (!has_begun) {
        stage.pause->pause();
    }
    const auto first = client.send(std::move(cancelled));
    CHECK(eventually([&] { return !has_begun || first->received > 0; }));
    stage.pause->pause();
    late.deadline = deadline_in(50ms);
    const auto second = client.send(std::move(late));
    CHECK(second->wait().outcome.error().code() == ErrorCode::timeout);
    stop.request_stop();
    CHECK(first->wait().outcome.error().code() == ErrorCode::cancelled);
}

TEST_CASE("a switch may be set at any time from any thread", "[transport][pause]") {
    Stage stage;
    const std::string content = random_bytes(3'000'000);
    ScriptedServer server;
    // An exchange that is paused before it is sent gives its connection up.
    server.repeat({ExpectRequest{}, Send{answer("200 OK", "", content)}});
    const HttpClient client(stage.options);
    std::vector<std::shared_ptr<KeepingReceiver>> exchanges;
    for (int i = 0; i < 4; ++i) {
        exchanges.push_back(client.send(stage.with_switch(HttpClient::get_of(server.endpoint()))));
    }
    std::vector<std::thread> threads;
    for (int thread = 0; thread < 3; ++thread) {
        threads.emplace_back([&] {
            for (int i = 0; i < 500; ++i) {
                stage.pause->pause();
                stage.pause->resume();
            }
        });
    }
    for (std::thread& thread : threads) {
        thread.join();
    }
    stage.pause->resume();
    for (const auto& exchange : exchanges) {
        const Exchanged exchanged = exchange->wait();
        REQUIRE(exchanged.outcome.ok());
        CHECK(exchanged.body == content);
    }
}
