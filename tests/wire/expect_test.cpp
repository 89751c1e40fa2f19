/// Asking the server before a large body is sent, and stopping where it refuses.

#include <catch2/catch.hpp>

#include "support/eventually.h"
#include "wire/http_client.h"
#include "wire/scripted_server.h"

using namespace filestore;
using namespace filestore::test;
using namespace std::chrono_literals;

namespace {

constexpr std::uint64_t mebibyte = std::uint64_t{1} << 20U;

std::string expectation_of(std::uint64_t size, const http::TransportOptions& options) {
    const ScriptedServer server({{ExpectHead{}, Send{answer("403 Forbidden", "", "")}}});
    const HttpClient client(options);
    const Exchanged exchanged =
        client.send(HttpClient::put_of(server.endpoint(), std::make_shared<CountingSource>(size)))->wait();
    CHECK(exchanged.head.status == 403);
    return server.requests().front().header("expect");
}

}  // namespace

TEST_CASE("only a body above the threshold is asked for", "[transport][expect]") {
    http::TransportOptions options;
    CHECK(expectation_of(mebibyte, options) == "(none)");
    CHECK(expectation_of(mebibyte + 1, options) == "100-continue");
    options.expect_threshold = 100;
    CHECK(expectation_of(100, options) == "(none)");
    CHECK(expectation_of(101, options) == "100-continue");
    options.expect_threshold = 3 * mebibyte;
    CHECK(expectation_of(3 * mebibyte, options) == "(none)");
    CHECK(expectation_of(3 * mebibyte + 1, options) == "100-continue");
    options.expect_threshold.reset();
    CHECK(expectation_of(50 * mebibyte, options) == "(none)");
}

TEST_CASE("a server that refuses at once is sent no body", "[transport][expect]") {
    http::TransportOptions options;
    options.expect_wait = 100s;
    const HttpClient client(options);
    for (const char* status : {"403 Forbidden", "301 Moved Permanently", "503 Slow Down"}) {
        const ScriptedServer server({{ExpectHead{}, Send{answer(status, "", "why")}, Stall{}}});
        const auto source = std::make_shared<CountingSource>(100 * mebibyte);
        const Exchanged exchanged = client.send(HttpClient::put_of(server.endpoint(), source))->wait();
        CHECK(exchanged.outcome.ok());
        CHECK(exchanged.body == "why");
        CHECK(source->given == 0);
    }
}

TEST_CASE("a server that refuses in the middle of a body is sent no more than a buffer of it",
          "[transport][expect]") {
    http::TransportOptions options;
    options.expect_threshold.reset();
    const HttpClient client(options);
    for (const char* status : {"403 Forbidden", "301 Moved Permanently", "503 Slow Down"}) {
        const ScriptedServer server(
            {{ExpectHead{}, ExpectBody{mebibyte}, Send{answer(status, "", "why")}, Stall{}}});
        // More than the buffers of both kernels.
        const auto source = std::make_shared<CountingSource>(200 * mebibyte);
        const Exchanged exchanged = client.send(HttpClient::put_of(server.endpoint(), source))->wait();
        CHECK(exchanged.outcome.ok());
        CHECK(exchanged.body == "why");
        CHECK(source->given < 50 * mebibyte);
    }
}

TEST_CASE("a server that does not say 'continue' is sent the body after a while", "[transport][expect]") {
    http::TransportOptions options;
    options.expect_wait = 50ms;
    const HttpClient client(options);
    const ScriptedServer server({{ExpectRequest{}, Send{answer("200 OK", "", "")}}});
    const auto source = std::make_shared<CountingSource>(2 * mebibyte);
    CHECK(client.send(HttpClient::put_of(server.endpoint(), source))->wait().outcome.ok());
    CHECK(server.requests().front().body.size() == 2 * mebibyte);
}

TEST_CASE("a server that says 'continue' is sent the body at once, over a connection that is kept",
          "[transport][expect]") {
    http::TransportOptions options;
    options.expect_wait = 100s;
    const HttpClient client(options);
    const ScriptedServer server(
        {{ExpectHead{}, Send{"HTTP/1.1 100 Continue\r\n\r\n"}, ExpectBody{2 * mebibyte},
          Send{answer("200 OK", "", "")}, ExpectRequest{}, Send{answer("200 OK", "", "")}}});
    const auto source = std::make_shared<CountingSource>(2 * mebibyte);
    CHECK(client.send(HttpClient::put_of(server.endpoint(), source))->wait().outcome.ok());
    CHECK(client.get(server.endpoint()).outcome.ok());
    CHECK(server.connections() == 1);
}

TEST_CASE("a server that does not know the question is sent the body without it", "[transport][expect]") {
    http::TransportOptions options;
    options.expect_wait = 100s;
    const HttpClient client(options);
    const ScriptedServer server({{ExpectHead{}, Send{answer("417 Expectation Failed", "", "")},
                                  ExpectRequest{}, Send{answer("200 OK", "", "")}},
                                 {ExpectRequest{}, Send{answer("200 OK", "", "")}}});
    const auto source = std::make_shared<CountingSource>(2 * mebibyte);
    const Exchanged exchanged = client.send(HttpClient::put_of(server.endpoint(), source))->wait();
    CHECK(exchanged.outcome.ok());
    CHECK(exchanged.head.status == 200);
    CHECK(server.requests().back().header("expect") == "(none)");
    CHECK(server.requests().back().body.size() == 2 * mebibyte);
}
