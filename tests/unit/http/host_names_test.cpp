#include "http/host_names.h"

#include <catch2/catch.hpp>

using namespace filestore::http;

namespace {

using Names = std::vector<HostAndPort>;

}  // namespace

TEST_CASE("names to look up without a proxy", "[names]") {
    struct Case {
        const char* url;
        Names names;
    };
    for (const Case& each : std::vector<Case>{
             {"http://store.test/key", {{"store.test", 80}}},
             {"https://store.test", {{"store.test", 443}}},
             {"HTTPS://Store.TEST?x", {{"store.test", 443}}},
             {"http://store.test:9000/a:1", {{"store.test", 9000}}},
             {"http://store.test:/key", {{"store.test", 80}}},
             {"http://user:1@store.test:2/", {{"store.test", 2}}},
             {"http://bucket_1.store.test.:2", {{"bucket_1.store.test.", 2}}},
             {"http://localhost.test", {{"localhost.test", 80}}},
             {"http://mylocalhost", {{"mylocalhost", 80}}},
             {"http://LOCALHOST:9000", {}},
             {"http://bucket.localhost", {}},
             {"http://127.0.0.1:9000", {}},
             {"http://[::1]:9000", {}},
             {"http://[fe80::1%25eth0]/", {}},
             {"http://*:80/", {}},
             {"http://-store.test", {}},
             {"http://+store.test", {}},
             {"http://st%6fre.test", {}},
             {"http://st\xc3\xb6re.test", {}},
             {"http:///key", {}},
             {"", {}},
         }) {
        INFO(each.url);
        CHECK((names_to_look_up(each.url, "") == each.names));
    }
}

TEST_CASE("names to look up for a proxy", "[names]") {
    struct Case {
        const char* proxy;
        Names names;
    };
    const HostAndPort target{"store.test", 9000};
    for (const Case& each : std::vector<Case>{
             {"proxy.test", {{"proxy.test", 1080}}},
             {"Proxy.test:3128", {{"proxy.test", 3128}}},
             {"http://proxy.test", {{"proxy.test", 1080}}},
             {"http://user:word@proxy.test:3128/", {{"proxy.test", 3128}}},
             {"https://proxy.test", {{"proxy.test", 443}}},
             {"HTTPS://proxy.test:1", {{"proxy.test", 1}}},
             {"socks5h://proxy.test", {{"proxy.test", 1080}}},
             {"socks4a://proxy.test:1", {{"proxy.test", 1}}},
             {"socks5://proxy.test:1", {{"proxy.test", 1}, target}},
             {"SOCKS4://proxy.test", {{"proxy.test", 1080}, target}},
             {"socks://10.0.0.1", {target}},
             {"http://10.0.0.1:3128", {}},
             {"http://[fd00::1]:3128", {}},
         }) {
        INFO(each.proxy);
        CHECK((names_to_look_up("http://store.test:9000/key", each.proxy) == each.names));
    }
}
