/// The peer goes away while we write: nobody may get a signal for it.

#include <openssl/ssl.h>

#include <catch2/catch.hpp>
#include <csignal>

#include "wire/http_client.h"
#include "wire/scripted_server.h"
#include "wire/tls_front.h"

using namespace filestore;
using namespace filestore::test;

namespace {

constexpr std::uint64_t large = 50'000'000;

bool sigpipe_is_default() {
    struct ::sigaction now {};
    return ::sigaction(SIGPIPE, nullptr, &now) == 0 && now.sa_handler == SIG_DFL;
}

bool sigpipe_is_pending() {
    sigset_t pending;
    return ::sigpending(&pending) == 0 && sigismember(&pending, SIGPIPE) == 1;
}

bool sigpipe_is_blocked() {
    sigset_t blocked;
    return ::pthread_sigmask(SIG_BLOCK, nullptr, &blocked) == 0 && sigismember(&blocked, SIGPIPE) == 1;
}

/// Servers that go away in the middle of a body, on a new connection and on a kept one, and between two requests.
std::vector<std::vector<Script>> vanishing_servers() {
    const std::string fine = answer("200 OK", "", "");
    const Script keeps = conversation({fine, fine});
    return {{{ExpectHead{}, ExpectBody{100'000}, Reset{}}, keeps},
            {{ExpectHead{}, Reset{}}, keeps},
            {{ExpectRequest{}, Send{fine}, ExpectHead{}, ExpectBody{100'000}, Reset{}}, keeps},
            {{ExpectRequest{}, Send{fine}, Reset{}}, keeps, keeps}};
}

void talk_to(const std::string& endpoint, http::TransportOptions options) {
    REQUIRE(sigpipe_is_default());
    REQUIRE_FALSE(sigpipe_is_blocked());
    {
        options.expect_threshold.reset();
        options.first_byte_timeout = std::chrono::milliseconds(300);
        const HttpClient client(options);
        for (int i = 0; i < 3; ++i) {
            http::Request request =
                HttpClient::put_of(endpoint, std::make_shared<CountingSource>(i == 0 ? 10 : large));
            request.bulk = false;
            static_cast<void>(client.send(std::move(request))->wait());
        }
    }
    CHECK(sigpipe_is_default());
    CHECK_FALSE(sigpipe_is_blocked());
    CHECK_FALSE(sigpipe_is_pending());
}

}  // namespace

TEST_CASE("signals are handled as before while we work, too", "[transport][signal]") {
    const ScriptedServer server({conversation({answer("200 OK", "", "body")})});
    const HttpClient client;
    const auto receiver = std::make_shared<KeepingReceiver>();
    bool was_default = false;
    receiver->inside = [&] { was_default = sigpipe_is_default(); };
    CHECK(client.send(HttpClient::get_of(server.endpoint()), receiver)->wait().outcome.ok());
    CHECK(was_default);
}

TEST_CASE("a peer that goes away while we write raises no signal", "[transport][signal]") {
    for (const auto& scripts : vanishing_servers()) {
        const ScriptedServer server(scripts);
        talk_to(server.endpoint(), {});
    }
}

TEST_CASE("a peer with TLS that goes away while we write raises no signal", "[transport][signal]") {
    const Identity authority = make_authority();
    http::TransportOptions options;
    options.ca_pem = authority.pem();
    for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
        for (const auto& scripts : vanishing_servers()) {
            const ScriptedServer server(scripts);
            const TlsFront front(server.port(), make_identity({}, &authority), version);
            talk_to(front.endpoint(), options);
        }
    }
}
