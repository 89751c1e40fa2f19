/// Which certificates are accepted, and what is said of those that are not.

#include <openssl/ssl.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>

#include "http/trust.h"
#include "support/eventually.h"
#include "support/random_bytes.h"
#include "support/temporary_directory.h"
#include "wire/environment_variable.h"
#include "wire/fake_names.h"
#include "wire/http_client.h"
#include "wire/scripted_server.h"
#include "wire/tls_front.h"

using namespace filestore;
using namespace filestore::test;
using namespace std::chrono_literals;

namespace {

/// Authority, server and front.
struct Stage {
    Identity authority = make_authority();
    ScriptedServer server{{conversation({answer("200 OK", "", "trusted")}),
                           conversation({answer("200 OK", "", "trusted")}),
                           conversation({answer("200 OK", "", "trusted")})}};
    TlsFront front;
    TemporaryDirectory directory;

    explicit Stage(const Claim& claim = {}, bool self_signed = false, int newest_version = 0)
        : front(server.port(), make_identity(claim, self_signed ? nullptr : &authority), newest_version) {}

    [[nodiscard]] std::string ca_file() const {
        std::ofstream(directory.file("ca.pem")) << authority.pem();
        return directory.file("ca.pem");
    }

    [[nodiscard]] Exchanged get(const http::TransportOptions& options) const {
        return HttpClient(options).get(front.endpoint());
    }
};

void check_refused(const Stage& stage, const std::string& why) {
    http::TransportOptions options;
    options.ca_file = stage.ca_file();
    const Exchanged exchanged = stage.get(options);
    REQUIRE_FALSE(exchanged.outcome.ok());
    const Error& error = exchanged.outcome.error();
    CHECK(error.code() == ErrorCode::configuration);
    CHECK_FALSE(error.retryable());
    CHECK_THAT(std::string(error.message()),
               Catch::Contains("'127.0.0.1'") && Catch::Contains(why) && Catch::Contains(options.ca_file));
    CHECK(stage.server.requests().empty());
}

}  // namespace

TEST_CASE("a certificate of a trusted authority is accepted", "[transport][tls]") {
    const Stage stage;
    http::TransportOptions options;
    SECTION("by file") {
        options.ca_file = stage.ca_file();
        CHECK(stage.get(options).body == "trusted");
    }
    SECTION("by directory") {
        write_authority_directory(stage.directory.path(), stage.authority);
        options.ca_file = stage.directory.path();
        CHECK(stage.get(options).body == "trusted");
    }
    SECTION("by PEM") {
        options.ca_pem = stage.authority.pem();
        CHECK(stage.get(options).body == "trusted");
    }
    SECTION("by SSL_CERT_FILE") {
        const EnvironmentVariable file("SSL_CERT_FILE", stage.ca_file().c_str());
        CHECK(stage.get(options).body == "trusted");
    }
    SECTION("by SSL_CERT_DIR") {
        write_authority_directory(stage.directory.path(), stage.authority);
        const EnvironmentVariable directory("SSL_CERT_DIR", std::string(stage.directory.path()).c_str());
        CHECK(stage.get(options).body == "trusted");
    }
}

TEST_CASE("the system's authorities do not know the test's", "[transport][tls]") {
    const Stage stage;
    const Exchanged exchanged = stage.get({});
    REQUIRE_FALSE(exchanged.outcome.ok());
    CHECK(exchanged.outcome.error().code() == ErrorCode::configuration);
    CHECK_FALSE(exchanged.outcome.error().retryable());
    CHECK_THAT(std::string(exchanged.outcome.error().message()),
               Catch::Contains(http::find_system_trust()->described()));
}

TEST_CASE("a given PEM is trusted instead of the system's", "[transport][tls]") {
    const Stage stage;
    const EnvironmentVariable file("SSL_CERT_FILE", stage.ca_file().c_str());
    http::TransportOptions options;
    options.ca_pem = make_authority().pem();
    CHECK_FALSE(stage.get(options).outcome.ok());
}

TEST_CASE("a certificate that is not right is refused, for good and with its reason", "[transport][tls]") {
    SECTION("another host's") {
        check_refused(Stage({.names = "IP:127.0.0.2,DNS:store.test"}), "127.0.0.1");
    }
    SECTION("an expired one") {
        check_refused(Stage({.days = -1}), "expired");
    }
    SECTION("one signed by itself") {
        check_refused(Stage({}, true), "self");
    }
    SECTION("one of an unknown authority") {
        Stage stage;
        stage.authority = make_authority();
        check_refused(stage, "");
    }
}

TEST_CASE("the certificate is that of the host's name", "[transport][tls]") {
    const FakeName right("store.test", {"127.0.0.1"});
    const FakeName wrong("other.test", {"127.0.0.1"});
    const Stage stage({.names = "DNS:store.test"});
    http::TransportOptions options;
    options.ca_file = stage.ca_file();
    const std::string port = stage.front.endpoint().substr(std::string("https://127.0.0.1").size());
    CHECK(HttpClient(options).get("https://store.test" + port).body == "trusted");
    const Exchanged exchanged = HttpClient(options).get("https://other.test" + port);
    REQUIRE_FALSE(exchanged.outcome.ok());
    CHECK_THAT(std::string(exchanged.outcome.error().message()), Catch::Contains("'other.test'"));
}

TEST_CASE("certificates to trust that cannot be used", "[transport][tls]") {
    const Stage stage;
    http::TransportOptions options;
    std::string named;
    SECTION("a file that is not there") {
        named = options.ca_file = stage.directory.file("missing.pem");
    }
    SECTION("a file of something else") {
        named = options.ca_file = stage.directory.file("wrong.pem");
        std::ofstream(options.ca_file) << "not a certificate";
    }
    SECTION("text that is no PEM") {
        options.ca_pem = "not a certificate";
        named = "PEM";
    }
    const Exchanged exchanged = stage.get(options);
    REQUIRE_FALSE(exchanged.outcome.ok());
    CHECK(exchanged.outcome.error().code() == ErrorCode::configuration);
    CHECK_FALSE(exchanged.outcome.error().retryable());
    CHECK_THAT(std::string(exchanged.outcome.error().message()),
               Catch::Contains(named) && Catch::Contains("127.0.0.1"));
}

TEST_CASE("TLS older than 1.2 is not spoken", "[transport][tls]") {
    http::TransportOptions options;
    const Stage good({}, false, TLS1_2_VERSION);
    options.ca_file = good.ca_file();
    CHECK(good.get(options).body == "trusted");
    const Stage old({}, false, TLS1_1_VERSION);
    options.ca_file = old.ca_file();
    CHECK_FALSE(old.get(options).outcome.ok());
    CHECK(old.server.requests().empty());
}

TEST_CASE("nor is it to a proxy", "[transport][tls][proxy]") {
    http::TransportOptions options;
    const Stage good({}, false, TLS1_2_VERSION);
    options.ca_file = good.ca_file();
    options.proxy = good.front.endpoint();
    CHECK(HttpClient(options).get("http://store.test/key").body == "trusted");
    const Stage old({}, false, TLS1_1_VERSION);
    options.ca_file = old.ca_file();
    options.proxy = old.front.endpoint();
    CHECK_FALSE(HttpClient(options).get("http://store.test/key").outcome.ok());
    CHECK(old.server.requests().empty());
}

TEST_CASE("a connection with TLS is kept and carries large bodies", "[transport][tls]") {
    const Identity authority = make_authority();
    const std::string content = random_bytes(5'000'000);
    const ScriptedServer server({conversation(std::vector<std::string>(3, answer("200 OK", "", content)))});
    const TlsFront front(server.port(), make_identity({}, &authority));
    http::TransportOptions options;
    options.ca_pem = authority.pem();
    const HttpClient client(options);
    for (int i = 0; i < 3; ++i) {
        CHECK(client.get(front.endpoint()).body == content);
    }
    CHECK(server.connections() == 1);
}
