/// Servers that cannot be reached: how often they are asked, and how long a call to them may take.

#include <algorithm>
#include <catch2/catch.hpp>

#include "wire/black_hole.h"
#include "wire/fake_names.h"
#include "wire/operations.h"

using namespace filestore;
using namespace filestore::test;
using namespace std::chrono_literals;

namespace {

/// Nobody listens there; the port is taken so that nobody else does.
class ClosedPort {
public:
    ClosedPort() : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof address;
        auto* const generic = reinterpret_cast<sockaddr*>(&address);
        if (::bind(socket_.get(), generic, size) != 0 || ::getsockname(socket_.get(), generic, &size) != 0) {
            throw std::runtime_error("cannot bind to the loopback interface");
        }
        port_ = std::to_string(ntohs(address.sin_port));
    }
    [[nodiscard]] const std::string& port() const noexcept { return port_; }

private:
    Descriptor socket_;
    std::string port_;
};

/// Each attempt asks for the name's addresses.
S3ClientOptions options_for_name(const std::string& port) {
    S3ClientOptions options;
    options.endpoint = "http://store.test:" + port;
    options.credentials.access_key = access_key;
    options.credentials.secret_key = secret_key;
    options.dns_cache_time = 0s;
    options.retry.first_delay = 1ms;
    options.retry.longest_delay = 1ms;
    return options;
}

std::string port_of(const BlackHole& hole) {
    const std::string endpoint = hole.endpoint();
    return endpoint.substr(endpoint.rfind(':') + 1);
}

ErrorCode code_of_removal(const S3ClientOptions& options) {
    S3Client client = S3Client::open(options).value();
    const auto removed = client.remove(operations::request_on_object<S3ObjectRequest>());
    return removed.ok() ? ErrorCode::ok : removed.error().code();
}

}  // namespace

TEST_CASE("by default no call waits for 15 seconds for a server that is not there", "[wire][unreachable]") {
    const S3ClientOptions options;
    // No attempt begins later than the silence allows, and all but the first have a second at most beyond it to connect. What the service does then, to
    // take an upload back, has five.
    const auto longest = std::max(options.connect_timeout, options.retry.longest_silence + 1s);
    CHECK(longest + 5s <= 15s);
}

TEST_CASE("a server that refuses is asked again until the time for it is over", "[wire][unreachable]") {
    const ClosedPort closed;
    const FakeName name("store.test", {"127.0.0.1"});
    S3ClientOptions options = options_for_name(closed.port());
    SECTION("no time") {
        options.retry.longest_silence = 0ms;
        CHECK(code_of_removal(options) == ErrorCode::unavailable);
        CHECK(name.lookups() == 1);
    }
    SECTION("time for all attempts") {
        options.retry.max_attempts = 4;
        CHECK(code_of_removal(options) == ErrorCode::unavailable);
        CHECK(name.lookups() == 4);
    }
}

TEST_CASE("a server that drops what comes is given up with the first attempt", "[wire][unreachable]") {
    const BlackHole hole;
    const FakeName name("store.test", {"127.0.0.1"});
    S3ClientOptions options = options_for_name(port_of(hole));
    // Not the same time for both: which of two clocks is the first to tell would be chance.
    options.connect_timeout = 400ms;
    options.retry.longest_silence = 300ms;
    CHECK(code_of_removal(options) == ErrorCode::timeout);
    CHECK(name.lookups() == 1);
}

TEST_CASE("a name that nobody knows is given up when the time for it is over", "[wire][unreachable]") {
    S3ClientOptions options = options_for_name("1");
    options.endpoint = "http://no-such-host.invalid";
    options.retry.longest_silence = 0ms;
    CHECK(code_of_removal(options) == ErrorCode::unavailable);
}

TEST_CASE("a server that was reached is asked again, however long it took", "[wire][unreachable]") {
    const ScriptedServer server(
        {{ExpectRequest{}, Reset{}}, conversation({answer("204 No Content", "", "")})});
    S3ClientOptions options = options_for_name(std::to_string(server.port()));
    const FakeName name("store.test", {"127.0.0.1"});
    options.retry.longest_silence = 0ms;
    CHECK(code_of_removal(options) == ErrorCode::ok);
    CHECK(server.requests().size() == 2);
}

TEST_CASE("a deadline ends a call to a server that is not there", "[wire][unreachable]") {
    const BlackHole hole;
    const ClosedPort closed;
    for (const std::string& port : {port_of(hole), closed.port()}) {
        const FakeName name("store.test", {"127.0.0.1"});
        S3ClientOptions options = options_for_name(port);
        // Only the deadline can end it.
        options.connect_timeout = 1h;
        options.retry = {1'000'000, 1h, 1h, 1h, 1h};
        S3Client client = S3Client::open(options).value();
        auto request = operations::request_on_object<S3ObjectRequest>();
        request.call.deadline = deadline_in(300ms);
        const auto removed = client.remove(std::move(request));
        REQUIRE_FALSE(removed.ok());
        CHECK((removed.error().code() == ErrorCode::timeout || port == closed.port()));
    }
}
