/// The transport's limits: each of its own kind, and the deadline over all of them.

#include <catch2/catch.hpp>

#include "support/eventually.h"
#include "wire/black_hole.h"
#include "wire/fake_names.h"
#include "wire/http_client.h"
#include "wire/scripted_server.h"

using namespace filestore;
using namespace filestore::test;
using namespace std::chrono_literals;

namespace {

const std::string endless_head = "HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n";

/// No limit but the one under test ends an exchange before the test's own watchdog.
http::TransportOptions patient() {
    http::TransportOptions options;
    options.connect_timeout = 100s;
    options.first_byte_timeout = 100s;
    options.stall_window = 100s;
    return options;
}

void check_timeout(const Exchanged& exchanged, const std::string& part_of_message) {
    REQUIRE_FALSE(exchanged.outcome.ok());
    CHECK(exchanged.outcome.error().code() == ErrorCode::timeout);
    CHECK_THAT(std::string(exchanged.outcome.error().message()), Catch::Contains(part_of_message));
}

}  // namespace

TEST_CASE("a server that cannot be reached is given up by the connect limit", "[transport][limits]") {
    http::TransportOptions options = patient();
    options.connect_timeout = 100ms;
    const HttpClient client(options);
    SECTION("its network drops what is sent") {
        const BlackHole hole;
        check_timeout(client.get(hole.endpoint()), "");
    }
    SECTION("its name is not resolved") {
        FakeName name("hanging.test", {});
        name.hang();
        const Exchanged exchanged = client.get("http://hanging.test/");
        check_timeout(exchanged, "the name lookup for 'hanging.test' took longer than 100 ms");
        CHECK(exchanged.outcome.error().retryable());
        CHECK(name.lookups() == 1);
    }
    SECTION("a TLS handshake gets no answer") {
        const ScriptedServer server({{Stall{}}});
        check_timeout(client.get("https://127.0.0.1:" + std::to_string(server.port())), "");
    }
    SECTION("a request of its own limit") {
        const HttpClient unhurried(patient());
        const BlackHole hole;
        http::Request request = HttpClient::get_of(hole.endpoint());
        request.connect_timeout = 100ms;
        check_timeout(unhurried.send(std::move(request))->wait(), "");
    }
}

TEST_CASE("a server that does not begin its answer is given up by the first-byte limit",
          "[transport][limits]") {
    http::TransportOptions options = patient();
    options.first_byte_timeout = 100ms;
    const HttpClient client(options);
    const std::vector<Script> scripts{
        {Stall{}},
        {ExpectRequest{}, Stall{}},
        {ExpectRequest{}, Send{"HTTP/1.1 102 Processing\r\n\r\n"}, Stall{}},
        {ExpectRequest{}, Drip{"HTTP/1.1 102 Processing\r\n\r\n", 20ms}},
    };
    for (const Script& script : scripts) {
        const ScriptedServer server({script});
        check_timeout(client.get(server.endpoint()), "did not begin its answer");
        const ScriptedServer other({script});
        check_timeout(
            client.send(HttpClient::put_of(other.endpoint(), source_from_string("content")))->wait(),
            "did not begin its answer");
    }
}

TEST_CASE("a request's own first-byte limit", "[transport][limits]") {
    const ScriptedServer server({{ExpectRequest{}, Stall{}}});
    const HttpClient client(patient());
    http::Request request = HttpClient::get_of(server.endpoint());
    request.first_byte_timeout = 50ms;
    check_timeout(client.send(std::move(request))->wait(), "did not begin its answer");
}

TEST_CASE("a transfer that stalls is given up, whichever its direction", "[transport][limits]") {
    http::TransportOptions options = patient();
    options.stall_window = 400ms;
    const HttpClient client(options);
    const std::vector<Script> stalling{
        {ExpectRequest{}, Send{endless_head}, Stall{}},
        {ExpectRequest{}, Send{endless_head + "some"}, Stall{}},
        {ExpectRequest{}, Send{endless_head}, Drip{"x", 10ms}},
        {ExpectRequest{}, Send{"HTTP/1.1 200 OK\r\n"}, Drip{"x", 10ms}},
    };
    for (const Script& script : stalling) {
        const ScriptedServer server({script});
        check_timeout(client.get(server.endpoint()), "were received");
    }
    const ScriptedServer deaf({{ExpectHead{}, Send{"HTTP/1.1 100 Continue\r\n\r\n"}, Stall{}}});
    check_timeout(
        client.send(HttpClient::put_of(deaf.endpoint(), std::make_shared<CountingSource>(1U << 30U)))->wait(),
        "were sent");
}

TEST_CASE("a slow transfer that goes on has no limit", "[transport][limits]") {
    http::TransportOptions options = patient();
    options.stall_window = 200ms;
    options.stall_bytes = 10;
    const HttpClient client(options);
    const std::string piece(100, 'x');
    Script script{ExpectRequest{}, Send{"HTTP/1.1 200 OK\r\nContent-Length: 2000\r\n\r\n"}};
    for (int i = 0; i < 20; ++i) {
        script.emplace_back(Pause{50ms});
        script.emplace_back(Send{piece});
    }
    const ScriptedServer server({script});
    const Exchanged exchanged = client.get(server.endpoint());
    CHECK(exchanged.outcome.ok());
    CHECK(exchanged.body.size() == 2000);
}

TEST_CASE("an answer that may trickle has only stalled when nothing comes", "[transport][limits]") {
    http::TransportOptions options = patient();
    options.stall_window = 300ms;
    const HttpClient client(options);
    const auto trickling = [](const ScriptedServer& server) {
        http::Request request = HttpClient::get_of(server.endpoint());
        request.may_trickle = true;
        return request;
    };
    Script script{ExpectRequest{}, Send{"HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\n"}};
    for (int i = 0; i < 12; ++i) {
        script.emplace_back(Pause{100ms});
        script.emplace_back(Send{" "});
    }
    const ScriptedServer server({script});
    CHECK(client.send(trickling(server))->wait().outcome.ok());
    const ScriptedServer silent({{ExpectRequest{}, Send{endless_head}, Stall{}}});
    check_timeout(client.send(trickling(silent))->wait(), "stalled");
}

TEST_CASE("a deadline ends an exchange in every state", "[transport][limits]") {
    const HttpClient client(patient());
    const auto ends = [&](http::Request request) {
        request.deadline = deadline_in(100ms);
        check_timeout(client.send(std::move(request))->wait(), "the deadline passed");
    };
    SECTION("the network drops what is sent") {
        const BlackHole hole;
        ends(HttpClient::get_of(hole.endpoint()));
    }
    SECTION("the name is not resolved") {
        FakeName name("hanging.test", {});
        name.hang();
        ends(HttpClient::get_of("http://hanging.test/"));
    }
    SECTION("accepted, then silence") {
        const ScriptedServer server({{Stall{}}});
        ends(HttpClient::get_of(server.endpoint()));
    }
    SECTION("headers, then silence") {
        const ScriptedServer server({{ExpectRequest{}, Send{endless_head}, Stall{}}});
        ends(HttpClient::get_of(server.endpoint()));
    }
    SECTION("single bytes") {
        const ScriptedServer server({{ExpectRequest{}, Send{endless_head}, Drip{"x", 10ms}}});
        ends(HttpClient::get_of(server.endpoint()));
    }
    SECTION("the server stops reading") {
        const ScriptedServer server({{ExpectHead{}, Send{"HTTP/1.1 100 Continue\r\n\r\n"}, Stall{}}});
        ends(HttpClient::put_of(server.endpoint(), std::make_shared<CountingSource>(1U << 30U)));
    }
    SECTION("waiting for its turn") {
        http::TransportOptions narrow = patient();
        narrow.max_connections = 1;
        narrow.event_loops = 1;
        const ScriptedServer server({{ExpectRequest{}, Stall{}}});
        const HttpClient one_at_a_time(narrow);
        const auto first = one_at_a_time.send(HttpClient::get_of(server.endpoint()));
        CHECK(eventually([&] { return server.requests().size() == 1; }));
        http::Request request = HttpClient::get_of(server.endpoint());
        request.deadline = deadline_in(50ms);
        check_timeout(one_at_a_time.send(std::move(request))->wait(), "the deadline passed");
        CHECK_FALSE(first->ended);
    }
}

TEST_CASE("a name that is not resolved does not hold up other exchanges", "[transport][limits]") {
    const std::string found = answer("200 OK", "", "x");
    const ScriptedServer server({conversation(std::vector<std::string>(20, found)), conversation({found})});
    const FakeName other("other.test", {"127.0.0.1"});
    const std::string other_url = "http://other.test:" + std::to_string(server.port()) + "/";
    http::TransportOptions options = patient();
    options.event_loops = 1;
    const HttpClient client(options);
    FakeName name("hanging.test", {});
    name.hang();
    std::stop_source stop;
    http::Request request = HttpClient::get_of("http://hanging.test/");
    request.cancel = stop.get_token();
    const auto hanging = client.send(std::move(request));
    CHECK(eventually([&] { return name.lookups() == 1; }));
    for (int i = 0; i < 20; ++i) {
        REQUIRE(client.get(other_url).outcome.ok());
    }
    CHECK(client.get(server.endpoint()).outcome.ok());
    CHECK_FALSE(hanging->ended);
    stop.request_stop();
    CHECK(hanging->wait().outcome.error().code() == ErrorCode::cancelled);
    // The lookup still hangs: nobody waited for it.
}

TEST_CASE("a cancelled download ends before the next bytes of a slow line", "[transport][limits]") {
    const std::string second_of_bytes(1000, 'x');
    std::promise<void> next_bytes;
    const ScriptedServer server({{ExpectRequest{}, Send{endless_head + second_of_bytes}, Pause{1s},
                                  Signal{&next_bytes}, Drip{second_of_bytes, 1s}}});
    const HttpClient client(patient());
    std::stop_source stop;
    http::Request request = HttpClient::get_of(server.endpoint());
    request.cancel = stop.get_token();
    const auto exchange = client.send(std::move(request));
    CHECK(eventually([&] { return exchange->received > 0; }));
    stop.request_stop();
    stop.request_stop();
    CHECK(exchange->wait().outcome.error().code() == ErrorCode::cancelled);
    CHECK(next_bytes.get_future().wait_for(0s) == std::future_status::timeout);
    stop.request_stop();
}

TEST_CASE("an exchange may be cancelled by its own receiver", "[transport][limits]") {
    class Canceller final : public http::Receiver {
    public:
        explicit Canceller(std::stop_source stop) : stop_(std::move(stop)) {}
        Result<void> on_head(const http::ResponseHead&) override { return {}; }
        Result<IoStep> on_body(std::span<const std::byte> bytes, const Wake&) override {
            stop_.request_stop();
            return IoStep{bytes.size(), false};
        }
        void on_done(Result<void> outcome) noexcept override {
            stop_.request_stop();
            done.set_value(std::move(outcome));
        }
        std::promise<Result<void>> done;

    private:
        std::stop_source stop_;
    };
    const ScriptedServer server({{ExpectRequest{}, Send{endless_head + "some"}, Stall{}}});
    const auto reactor = std::make_shared<Reactor>();
    http::TransportOptions options = patient();
    options.reactor = reactor;
    const auto transport = http::make_curl_transport(options);
    std::stop_source stop;
    http::Request request = HttpClient::get_of(server.endpoint());
    request.cancel = stop.get_token();
    const auto receiver = std::make_shared<Canceller>(stop);
    transport->send(std::move(request), receiver);
    CHECK(receiver->done.get_future().get().error().code() == ErrorCode::cancelled);
}
