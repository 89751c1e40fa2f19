/// Answers that are odd, malformed or without end, as the transport takes them.

#include <catch2/catch.hpp>

#include "wire/http_client.h"
#include "wire/scripted_server.h"

using namespace filestore;
using namespace filestore::test;
using namespace std::chrono_literals;

namespace {

Exchanged answered_by(const std::string& bytes) {
    const ScriptedServer server({{ExpectRequest{}, Send{bytes}}});
    return HttpClient().get(server.endpoint());
}

std::string repeated(const std::string& text, int count) {
    std::string all;
    for (int i = 0; i < count; ++i) {
        all += text;
    }
    return all;
}

const std::string fine = answer("200 OK", "", "fine");

}  // namespace

TEST_CASE("answers that are odd but right", "[transport][answer]") {
    const std::string answers[] = {
        fine,
        "HTTP/1.0 200 OK\r\nContent-Length: 4\r\n\r\nfine",
        "HTTP/1.0 200 OK\r\n\r\nfine",
        "HTTP/1.1 200\r\nContent-Length: 4\r\n\r\nfine",
        "HTTP/1.1 200 OK\nContent-Length: 4\n\nfine",
        "HTTP/1.1 200 OK\r\ncontent-length:4\r\nContent-Length: 4\r\n\r\nfine",
        "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nfine",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nf\r\n3;ext=1\r\nine\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nfine\r\n0\r\nContent-Length: 7\r\n\r\n",
        "HTTP/1.1 200 OK\r\n: no name\r\nContent-Length: 4\r\n\r\nfine",
        repeated("HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n", 60) + fine,
        "HTTP/1.1 200 OK\r\nContent-Length: 4\r\nContent-Encoding: gzip\r\n\r\nfine",
        fine + "more than was announced",
    };
    for (const std::string& bytes : answers) {
        INFO(bytes.substr(0, 200));
        const Exchanged exchanged = answered_by(bytes);
        INFO((exchanged.outcome.ok() ? std::string_view() : exchanged.outcome.error().message()));
        REQUIRE(exchanged.outcome.ok());
        CHECK(exchanged.head.status == 200);
        CHECK(exchanged.body == "fine");
    }
}

TEST_CASE("answers that are refused", "[transport][answer]") {
    const std::string answers[] = {
        "HTTP/1.1 200 OK\r\nContent-Length: 4\r\nContent-Length: 5\r\n\r\nfine!",
        "HTTP/1.1 200 OK\r\nContent-Length: 4, 5\r\n\r\nfine!",
        "HTTP/1.1 200 OK\r\nContent-Length: -4\r\n\r\nfine",
        "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999999\r\n\r\nfine",
        "HTTP/1.1 200 OK\r\n" + repeated("a: b\r\n", 2000) + "\r\n",
        "HTTP/1.1 200 OK\r\n" + repeated("a: " + std::string(50'000, 'b') + "\r\n", 10) + "\r\n",
        "HTTP/1.1 200 OK\r\na: " + std::string(200'000, 'b') + "\r\n\r\n",
        repeated("HTTP/1.1 102 Processing\r\n\r\n", 1000) + fine,
        "HTTP/1.1 200 OK\r\nno colon at all\r\nContent-Length: 4\r\n\r\nfine",
        "220 mail.test ESMTP\r\n",
        std::string(1000, '\0'),
        "HTTP/1.1 abc\r\n\r\n",
    };
    for (const std::string& bytes : answers) {
        INFO(bytes.substr(0, 200));
        const Exchanged exchanged = answered_by(bytes);
        REQUIRE_FALSE(exchanged.outcome.ok());
        CHECK(exchanged.outcome.error().code() == ErrorCode::corrupt);
        CHECK_FALSE(exchanged.outcome.error().retryable());
    }
}

TEST_CASE("answers that break off or are garbled may come whole another time", "[transport][answer]") {
    const std::string answers[] = {
        "",
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nfine",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nfine\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfine",
        "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nfine\r\n0\r\nx: 1\r\n\x01none\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nno number\r\nfine\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffffffff\r\nfine",
        "HTTP/1.1 100 Continue\r\n\r\n",
        "HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 2",
    };
    for (const std::string& bytes : answers) {
        INFO(bytes);
        const Exchanged exchanged = answered_by(bytes);
        REQUIRE_FALSE(exchanged.outcome.ok());
        CHECK(exchanged.outcome.error().code() == ErrorCode::unavailable);
        CHECK(exchanged.outcome.error().retryable());
    }
}

TEST_CASE("a flood of informational answers ends", "[transport][answer]") {
    const ScriptedServer server({{ExpectRequest{}, Drip{"HTTP/1.1 102 Processing\r\n\r\n", 0ms}}});
    const Exchanged exchanged = HttpClient().get(server.endpoint());
    REQUIRE_FALSE(exchanged.outcome.ok());
    CHECK(exchanged.outcome.error().code() == ErrorCode::corrupt);
}

TEST_CASE("bytes after an answer are not taken for the next", "[transport][answer]") {
    const std::string forged = answer("200 OK", "", "forged");
    SECTION("with it") {
        const ScriptedServer server(
            {{ExpectRequest{}, Send{fine + forged}, ExpectRequest{}, Send{fine}}, conversation({fine})});
        const HttpClient client;
        CHECK(client.get(server.endpoint()).body == "fine");
        CHECK(client.get(server.endpoint()).body == "fine");
    }
    SECTION("after it") {
        std::promise<void> first_done;
        std::promise<void> sent;
        const ScriptedServer server({{ExpectRequest{}, Send{fine}, Await{first_done.get_future().share()},
                                      Send{forged}, Signal{&sent}, ExpectRequest{}, Send{fine}},
                                     conversation({fine})});
        const HttpClient client;
        CHECK(client.get(server.endpoint()).body == "fine");
        first_done.set_value();
        sent.get_future().wait();
        CHECK(client.get(server.endpoint()).body == "fine");
    }
}

TEST_CASE("the stored bytes are asked for as they are", "[transport][answer]") {
    const ScriptedServer server({conversation({fine, fine})});
    const HttpClient client;
    CHECK(client.get(server.endpoint()).outcome.ok());
    http::Request request = HttpClient::get_of(server.endpoint());
    request.headers.push_back({"accept-encoding", "gzip"});
    const Exchanged second = client.send(std::move(request))->wait();
    CHECK(second.outcome.ok());
    CHECK(server.requests().at(0).header("accept-encoding") == "identity");
    CHECK(server.requests().at(1).header("accept-encoding") == "gzip");
}
