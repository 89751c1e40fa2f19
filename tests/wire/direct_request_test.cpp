/// Requests that go their own way past the transport's settings.

#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <catch2/catch.hpp>
#include <cstdlib>

#include "core/descriptor.h"
#include "http/curl_transport.h"
#include "support/answers.h"
#include "wire/scripted_server.h"

using namespace filestore;
using namespace filestore::test;
using namespace std::chrono_literals;

namespace {

/// Answers with the status.
class StatusReceiver final : public http::Receiver {
public:
    explicit StatusReceiver(Completion<int> done) : done_(std::move(done)) {}
    Result<void> on_head(const http::ResponseHead& head) override {
        status_ = head.status;
        return {};
    }
    Result<IoStep> on_body(std::span<const std::byte> bytes, const Wake&) override {
        return IoStep{bytes.size(), false};
    }
    void on_done(Result<void> outcome) noexcept override {
        done_(outcome.ok() ? Result<int>(status_) : outcome.error());
    }

private:
    Completion<int> done_;
    int status_ = 0;
};

Result<int> send(http::Request request, std::chrono::milliseconds connect_timeout = 10s) {
    http::TransportOptions options;
    options.reactor = std::make_shared<Reactor>();
    options.connect_timeout = connect_timeout;
    const auto transport = http::make_curl_transport(options);
    Answers<int> answers;
    transport->send(std::move(request), std::make_shared<StatusReceiver>(answers.next()));
    return answers.wait_for_one();
}

/// The proxy of the environment, for the time of a test.
class Proxy {
public:
    explicit Proxy(const std::string& url) {
        ::setenv("http_proxy", url.c_str(), 1);
        ::unsetenv("no_proxy");
    }
    Proxy(const Proxy&) = delete;
    Proxy& operator=(const Proxy&) = delete;
    ~Proxy() {
        ::unsetenv("http_proxy");
        ::setenv("no_proxy", "*", 1);
    }
};

/// An address where connections are never accepted: the queue of those that wait is full.
class FullListener {
public:
    FullListener() {
        listener_ = Descriptor(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
        address_.sin_family = AF_INET;
        address_.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof address_;
        auto* const generic = reinterpret_cast<sockaddr*>(&address_);
        REQUIRE(::bind(listener_.get(), generic, size) == 0);
        REQUIRE(::listen(listener_.get(), 0) == 0);
        REQUIRE(::getsockname(listener_.get(), generic, &size) == 0);
        for (Descriptor& waiting : waiting_) {
            waiting = Descriptor(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
            ::connect(waiting.get(), generic, size);
        }
    }
    [[nodiscard]] std::string url() const {
        return "http://127.0.0.1:" + std::to_string(ntohs(address_.sin_port)) + "/";
    }

private:
    Descriptor listener_;
    sockaddr_in address_{};
    std::array<Descriptor, 8> waiting_;
};

}  // namespace

TEST_CASE("a direct request goes past the proxy of the environment", "[wire]") {
    const ScriptedServer proxy({conversation({answer("200 OK", "", "")})});
    const Proxy environment(proxy.endpoint());
    http::Request request;
    // A loopback address would go past it anyway.
    request.url = "http://host.invalid/keys";
    request.direct = true;
    CHECK_FALSE(send(request).ok());
    CHECK(proxy.connections() == 0);

    request.direct = false;
    const auto proxied = send(request);
    REQUIRE(proxied.ok());
    CHECK(*proxied == 200);
}

TEST_CASE("a request's own limit for connecting stands in place of the transport's", "[wire]") {
    const FullListener listener;
    http::Request request;
    request.url = listener.url();
    request.connect_timeout = 100ms;
    request.deadline = std::chrono::steady_clock::now() + 60s;
    const auto outcome = send(request, 1h);
    REQUIRE_FALSE(outcome.ok());
    CHECK(outcome.error().code() == ErrorCode::timeout);
    CHECK(outcome.error().message().find("deadline") == std::string_view::npos);
}
