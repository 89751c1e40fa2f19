#include "http/trust.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <map>
#include <vector>

using namespace filestore;
using namespace filestore::http;

namespace {

struct System {
    std::map<std::string, std::string> environment;
    std::vector<std::string> there;
    std::string built_in_file = "/built/in.pem";
    std::string built_in_directory = "/built/in";
};

Result<Trust> found_on(const System& system) {
    return find_system_trust({
        [&](const char* name) -> std::optional<std::string> {
            const auto variable = system.environment.find(name);
            return variable == system.environment.end() ? std::nullopt : std::optional(variable->second);
        },
        [&](const std::string& path) {
            return std::find(system.there.begin(), system.there.end(), path) != system.there.end();
        },
        system.built_in_file,
        system.built_in_directory,
    });
}

std::string description_on(const System& system) {
    const auto found = found_on(system);
    return found.ok() ? found->described() : "none";
}

}  // namespace

TEST_CASE("where the system's certificates are found", "[trust]") {
    const System cases[] = {
        {{{"SSL_CERT_FILE", "/own.pem"}}, {"/built/in.pem"}},
        {{{"SSL_CERT_DIR", "/own"}}, {"/built/in.pem"}},
        {{{"SSL_CERT_FILE", "/own.pem"}, {"SSL_CERT_DIR", "/own"}}, {}},
        {{}, {"/built/in.pem", "/built/in", "/etc/ssl/cert.pem"}},
        {{}, {"/built/in", "/etc/ssl/cert.pem"}},
        {{}, {"/etc/pki/tls/certs/ca-bundle.crt"}},
        {{}, {"/etc/ssl/certs/ca-certificates.crt"}, "", ""},
        {{}, {"/etc/ssl/certs"}, "", ""},
    };
    const std::string expected[] = {
        "the CA file '/own.pem'",
        "the CA directory '/own'",
        "the CA file '/own.pem' and the CA directory '/own'",
        "the CA file '/built/in.pem'",
        "the CA directory '/built/in'",
        "the CA file '/etc/pki/tls/certs/ca-bundle.crt'",
        "the CA file '/etc/ssl/certs/ca-certificates.crt'",
        "the CA directory '/etc/ssl/certs'",
    };
    for (std::size_t i = 0; i < std::size(cases); ++i) {
        CHECK(description_on(cases[i]) == expected[i]);
    }
}

TEST_CASE("a system without certificates is told where they were looked for", "[trust]") {
    const auto found = found_on({});
    REQUIRE_FALSE(found.ok());
    CHECK(found.error().code() == ErrorCode::configuration);
    CHECK_THAT(std::string(found.error().message()),
               Catch::Contains("/built/in.pem") && Catch::Contains("/etc/ssl/certs/ca-certificates.crt") &&
                   Catch::Contains("SSL_CERT_FILE"));
}

TEST_CASE("this machine has certificates", "[trust]") {
    CHECK(find_system_trust().ok());
}
