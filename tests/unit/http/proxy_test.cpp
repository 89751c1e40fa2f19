#include "http/proxy.h"

#include <catch2/catch.hpp>
#include <map>
#include <vector>

using namespace filestore::http;

TEST_CASE("the host of a URL", "[proxy]") {
    CHECK(host_of("http://store.test/key") == "store.test");
    CHECK(host_of("https://store.test:9000") == "store.test");
    CHECK(host_of("https://store.test?prefix=http://x/") == "store.test");
    CHECK(host_of("http://[fd00:ec2::254]:80/x") == "fd00:ec2::254");
    CHECK(host_of("http://[::1") == "::1");
    CHECK(host_of("http://user:word@store.test:1/a@b") == "store.test");
    CHECK(host_of("").empty());
}

TEST_CASE("the port of a URL", "[proxy]") {
    CHECK(port_of("http://store.test/key:9") == 80);
    CHECK(port_of("HTTPS://store.test") == 443);
    CHECK(port_of("https://store.test:9000?x=:1") == 9000);
    CHECK(port_of("http://[fd00::1]:81/x") == 81);
    CHECK(port_of("http://[fd00::1]/x") == 80);
    CHECK(port_of("http://user:7@store.test:1/a@b:2") == 1);
    CHECK(port_of("") == 80);
}

TEST_CASE("what names a proxy", "[proxy]") {
    for (const char* text :
         {"http://proxy.test:3128", "https://proxy.test", "socks5h://user:word@proxy.test:1080",
          "HTTP://user:w%20rd@[::1]:3128/", "proxy.test:3128", "proxy.test", "socks4a://10.0.0.1"}) {
        INFO(text);
        CHECK(names_a_proxy(text));
    }
    for (const char* text :
         {"", "http://user:se cret@proxy.test:3128", "http://proxy.test:999999", "ftp://proxy.test",
          "http://proxy.test:port", "http://", "http://user:wo\nrd@proxy.test"}) {
        INFO(text);
        CHECK_FALSE(names_a_proxy(text));
    }
}

TEST_CASE("hosts that are never proxied", "[proxy]") {
    for (const char* host : {"localhost", "LOCALHOST", "127.0.0.1", "127.255.0.9", "::1", "0:0:0:0:0:0:0:1",
                             "169.254.169.254", "169.254.170.23", "fd00:ec2::254", "fd00:0ec2:1::23"}) {
        INFO(host);
        CHECK(is_never_proxied(host));
    }
    for (const char* host : {"", "store.test", "localhost.test", "127.0.0.1.test", "128.0.0.1", "169.253.1.1",
                             "169.255.1.1", "::2", "fd00:ec3::1", "fe80::1", "127.1"}) {
        INFO(host);
        CHECK_FALSE(is_never_proxied(host));
    }
}

TEST_CASE("hosts that go past a proxy", "[proxy]") {
    struct Case {
        const char* host;
        const char* exceptions;
        bool excepted;
    };
    for (const Case& each : {
             Case{"store.test", "", false},
             Case{"store.test", "*", true},
             Case{"10.1.2.3", "*", true},
             Case{"store.test", "other.test, *", true},
             Case{"10.1.2.3", "other.test,*", true},
             Case{"store.test", "*.store.test", true},
             Case{"bucket.store.test", "*.store.test", true},
             Case{"anystore.test", "*.store.test", false},
             Case{"anystore.test", "*store.test", false},
             Case{"store.test", "store.test", true},
             Case{"STORE.test", "Store.TEST", true},
             Case{"bucket.store.test", "store.test", true},
             Case{"bucket.store.test", ".store.test", true},
             Case{"store.test", ".store.test", true},
             Case{"anystore.test", "store.test", false},
             Case{"store.test", "bucket.store.test", false},
             Case{"store.test.", "store.test", true},
             Case{"store.test", "store.test.", true},
             Case{"store.test", "..", false},
             Case{"store.test", "other.test,store.test", true},
             Case{"store.test", " other.test ,, store.test ", true},
             Case{"store.test", "other.test store.test", true},
             Case{"store.test", "store.test:9000", true},
             Case{"bucket.store.test", ".store.test:9000", true},
             Case{"store.test", "store.test:900", false},
             Case{"store.test", "store.test:", false},
             Case{"store.test", "store.test:http", false},
             Case{"store.test", "store.test:99999", false},
             Case{"store.test", "*:9000", true},
             Case{"store.test", "*:80", false},
             Case{"store.test", ":9000", false},
             Case{"10.1.2.3", "10.1.2.3:9000", true},
             Case{"10.1.2.3", "10.0.0.0/8:9000", true},
             Case{"10.1.2.3", "10.1.2.3:80", false},
             Case{"fd00::1", "[fd00::1]:9000", true},
             Case{"fd00::1", "[fd00::1]:80", false},
             Case{"fd00::1", "[fd00::1]", true},
             Case{"fd00::1", "[fd00::1", false},
             Case{"fd00::1", "[", false},
             Case{"fd00::1", "[]", false},
             Case{"fd00::1", "[fd00::1]9000", false},
             Case{"10.1.2.3", "10.1.2.3", true},
             Case{"10.1.2.3", "10.1.2.4", false},
             Case{"10.1.2.3", "1.2.3", false},
             Case{"10.1.2.3", "10.0.0.0/8", true},
             Case{"11.1.2.3", "10.0.0.0/8", false},
             Case{"10.1.2.3", "10.1.2.2/31", true},
             Case{"10.1.2.4", "10.1.2.2/31", false},
             Case{"10.1.2.3", "10.1.0.0/15,10.9.0.0/16", true},
             Case{"10.1.2.3", "10.1.2.3/32", true},
             Case{"10.1.2.3", "10.1.2.3/33", false},
             Case{"10.1.2.3", "10.1.2.3/0", true},
             Case{"10.1.2.3", "0.0.0.0/0", false},
             Case{"fd00::1", "fd00::1", true},
             Case{"fd00::1", "fd00:0:0::1", true},
             Case{"fd00::1", "fd00::/8", true},
             Case{"fe00::1", "fd00::/8", false},
             Case{"fd00::1", "fc00::/7", true},
             Case{"fe00::1", "fc00::/7", false},
             Case{"fd00::1", "10.0.0.0/8", false},
             Case{"", "store.test", false},
         }) {
        INFO(each.host << " past a proxy for all but " << each.exceptions);
        CHECK(is_excepted(each.host, 9000, each.exceptions) == each.excepted);
    }
}

namespace {

using Environment = std::map<std::string, std::string>;

std::string proxy_by(const Environment& environment, std::string_view url) {
    const Proxies proxies = proxies_of_environment([&](const char* name) -> std::optional<std::string> {
        const auto found = environment.find(name);
        return found == environment.end() ? std::nullopt : std::optional(found->second);
    });
    return std::string(proxy_for(url, proxies));
}

}  // namespace

TEST_CASE("the proxy that the environment names", "[proxy]") {
    constexpr const char* http = "http://store.test/key";
    constexpr const char* https = "HTTPS://store.test:9000";
    struct Case {
        Environment environment;
        const char* for_http;
        const char* for_https;
    };
    for (const Case& each : std::vector<Case>{
             {{}, "", ""},
             {{{"http_proxy", "a"}}, "a", ""},
             {{{"HTTP_PROXY", "a"}}, "", ""},
             {{{"https_proxy", "a"}}, "", "a"},
             {{{"HTTPS_PROXY", "a"}}, "", "a"},
             {{{"https_proxy", "a"}, {"HTTPS_PROXY", "b"}}, "", "a"},
             {{{"all_proxy", "a"}}, "a", "a"},
             {{{"ALL_PROXY", "a"}}, "a", "a"},
             {{{"all_proxy", "a"}, {"ALL_PROXY", "b"}, {"HTTPS_PROXY", "c"}}, "a", "c"},
             {{{"http_proxy", "a"}, {"all_proxy", "b"}}, "a", "b"},
             {{{"all_proxy", "a"}, {"no_proxy", "store.test"}}, "", ""},
             {{{"all_proxy", "a"}, {"NO_PROXY", "*"}}, "", ""},
             {{{"all_proxy", "a"}, {"no_proxy", "other.test"}, {"NO_PROXY", "*"}}, "a", "a"},
         }) {
        CHECK(proxy_by(each.environment, http) == each.for_http);
        CHECK(proxy_by(each.environment, https) == each.for_https);
    }
    CHECK(proxy_by({{"all_proxy", "a"}}, "http://[::1]:9000/").empty());
    CHECK(proxy_by({{"all_proxy", "a"}, {"no_proxy", "fd00::/8"}}, "http://[fd00::1]:9000/").empty());
    CHECK(proxy_by({{"all_proxy", "a"}, {"no_proxy", "store.test:443"}}, http) == "a");
    CHECK(proxy_by({{"all_proxy", "a"}, {"no_proxy", "store.test:80"}}, http).empty());
    CHECK(proxy_by({{"all_proxy", "a"}, {"no_proxy", "store.test:9000"}}, https).empty());
}
