#include "serve/listening.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <string>

using filestore::tool::serve::hosts_of;
using filestore::tool::serve::ListenAddress;

TEST_CASE("hosts are without the usual port of their scheme, too") {
    struct Case {
        std::uint16_t port;
        std::string scheme;
        bool is_usual;
    };
    const Case cases[] = {
        {80, "http", true},   {443, "https", true},  {80, "https", false},
        {443, "http", false}, {8080, "http", false}, {8443, "https", false},
    };
    for (const Case& one : cases) {
        CAPTURE(one.port, one.scheme);
        const auto hosts = hosts_of({"127.0.0.2", one.port}, one.scheme);
        for (const std::string host : {"127.0.0.2", "127.0.0.1", "localhost", "[::1]"}) {
            CAPTURE(host);
            CHECK(std::count(hosts.begin(), hosts.end(), host + ":" + std::to_string(one.port)) == 1);
            CHECK(std::count(hosts.begin(), hosts.end(), host) == (one.is_usual ? 1 : 0));
        }
    }
}

TEST_CASE("addresses that stand for all of a machine") {
    for (const std::string ip : {"0.0.0.0", "::", "0::0"}) {
        CAPTURE(ip);
        CHECK(ListenAddress{ip, 80}.is_any());
    }
    for (const std::string ip : {"127.0.0.1", "0.0.0.1", "::1", "192.0.2.1"}) {
        CAPTURE(ip);
        CHECK_FALSE(ListenAddress{ip, 80}.is_any());
    }
}
