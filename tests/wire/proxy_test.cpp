/// Requests through a proxy and past it.

#include <catch2/catch.hpp>

#include "filestore/s3_client.h"
#include "wire/environment_variable.h"
#include "wire/http_client.h"
#include "wire/scripted_server.h"

using namespace filestore;
using namespace filestore::test;
using namespace std::chrono_literals;

namespace {

const std::string from_proxy = answer("200 OK", "", "from the proxy");

}  // namespace

TEST_CASE("a proxy that is given is asked", "[transport][proxy]") {
    const ScriptedServer proxy({conversation({from_proxy})});
    http::TransportOptions options;
    options.proxy = proxy.endpoint();
    CHECK(HttpClient(options).get("http://store.test/key").body == "from the proxy");
    CHECK(proxy.requests().front().line() == "GET http://store.test/key HTTP/1.1");
}

TEST_CASE("a proxy is asked for a tunnel to a server with TLS, and told nothing else", "[transport][proxy]") {
    const ScriptedServer proxy({{ExpectHead{}, Send{answer("407 Proxy Authentication Required", "", "")}}});
    http::TransportOptions options;
    options.proxy = "http://user:canarysecret@127.0.0.1:" + std::to_string(proxy.port());
    http::Request request = HttpClient::get_of("https://store.test/key");
    request.headers.push_back({"Authorization", "canary"});
    const Exchanged exchanged = HttpClient(options).send(std::move(request))->wait();
    REQUIRE_FALSE(exchanged.outcome.ok());
    CHECK(exchanged.outcome.error().code() == ErrorCode::configuration);
    CHECK_FALSE(exchanged.outcome.error().retryable());
    CHECK_THAT(std::string(exchanged.outcome.error().message()),
               Catch::Contains("407") && Catch::Contains("store.test") && !Catch::Contains("canary"));
    const HeardRequest heard = proxy.requests().front();
    CHECK(heard.line() == "CONNECT store.test:443 HTTP/1.1");
    CHECK(heard.header("authorization") == "(none)");
    CHECK(heard.header("proxy-authorization") == "Basic dXNlcjpjYW5hcnlzZWNyZXQ=");
}

TEST_CASE("a proxy that fails may be asked again", "[transport][proxy]") {
    const ScriptedServer proxy({{ExpectHead{}, Send{answer("502 Bad Gateway", "", "")}}});
    http::TransportOptions options;
    options.proxy = proxy.endpoint();
    const Exchanged exchanged = HttpClient(options).get("https://store.test/key");
    REQUIRE_FALSE(exchanged.outcome.ok());
    CHECK(exchanged.outcome.error().code() == ErrorCode::unavailable);
    CHECK(exchanged.outcome.error().retryable());
}

TEST_CASE("the environment's proxy", "[transport][proxy]") {
    const ScriptedServer proxy({conversation({from_proxy})});
    const EnvironmentVariable no_exceptions("no_proxy", nullptr);
    const EnvironmentVariable set("http_proxy", proxy.endpoint().c_str());
    http::TransportOptions options;
    options.connect_timeout = 10s;
    SECTION("is asked") {
        CHECK(HttpClient(options).get("http://store.test/key").body == "from the proxy");
    }
    SECTION("has exceptions") {
        const EnvironmentVariable exceptions("no_proxy", "other.test,store.test");
        CHECK_FALSE(HttpClient(options).get("http://store.test/key").outcome.ok());
        CHECK(proxy.connections() == 0);
    }
    SECTION("can be switched off") {
        options.proxy_from_environment = false;
        CHECK_FALSE(HttpClient(options).get("http://store.test/key").outcome.ok());
        CHECK(proxy.connections() == 0);
    }
    SECTION("gives way to one that is given") {
        const ScriptedServer given({conversation({answer("200 OK", "", "from the other")})});
        options.proxy = given.endpoint();
        const EnvironmentVariable exceptions("no_proxy", "store.test");
        CHECK(HttpClient(options).get("http://store.test/key").body == "from the other");
        CHECK(proxy.connections() == 0);
    }
}

TEST_CASE("a proxy that cannot be one is not repeated by any message", "[transport][proxy]") {
    const char* const proxy =
        GENERATE("http://user:canary secret@127.0.0.1:9", "http://user:canary@127.0.0.1:999999",
                 "gopher://user:canary@127.0.0.1:9");
    const EnvironmentVariable no_exceptions("no_proxy", nullptr);
    SECTION("of the environment") {
        const EnvironmentVariable set("http_proxy", proxy);
        const Exchanged exchanged = HttpClient(http::TransportOptions()).get("http://store.test/key");
        REQUIRE_FALSE(exchanged.outcome.ok());
        CHECK(exchanged.outcome.error().code() == ErrorCode::configuration);
        CHECK_FALSE(exchanged.outcome.error().retryable());
        CHECK_THAT(std::string(exchanged.outcome.error().message()),
                   Catch::Contains("the proxy of the environment") && !Catch::Contains("canary"));
    }
    SECTION("of the options") {
        S3ClientOptions options;
        options.endpoint = "http://store.test";
        options.proxy = proxy;
        const auto opened = S3Client::open(options);
        REQUIRE_FALSE(opened.ok());
        CHECK(opened.error().code() == ErrorCode::invalid_argument);
        CHECK_THAT(std::string(opened.error().message()), !Catch::Contains("canary"));
    }
}

TEST_CASE("a given proxy has exceptions of its own", "[transport][proxy]") {
    const ScriptedServer proxy;
    http::TransportOptions options;
    options.proxy = proxy.endpoint();
    options.no_proxy = "store.test";
    CHECK_FALSE(HttpClient(options).get("http://store.test/key").outcome.ok());
    CHECK(proxy.connections() == 0);
}

TEST_CASE("this machine and metadata services are never asked for through a proxy", "[transport][proxy]") {
    const ScriptedServer proxy;
    const EnvironmentVariable no_exceptions("no_proxy", nullptr);
    const EnvironmentVariable set("http_proxy", proxy.endpoint().c_str());
    http::TransportOptions given;
    given.proxy = proxy.endpoint();
    for (http::TransportOptions options : {http::TransportOptions(), given}) {
        options.connect_timeout = 50ms;
        const HttpClient client(options);
        const ScriptedServer server(
            {conversation({answer("200 OK", "", "itself"), answer("200 OK", "", "itself")})});
        CHECK(client.get(server.endpoint()).body == "itself");
        static_cast<void>(client.get("http://169.254.7.7/"));
        static_cast<void>(client.get("http://[fd00:ec2::7]/"));
        http::Request request = HttpClient::get_of("http://store.test/key");
        request.direct = true;
        const Exchanged exchanged = client.send(std::move(request))->wait();
        CHECK_FALSE(exchanged.outcome.ok());
    }
    CHECK(proxy.connections() == 0);
}
