#include "conformance/stores.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <iostream>

using namespace filestore::test;

TEST_CASE("every server that was asked for runs", "[stores]") {
    const auto running = store_names();
    for (const std::string& server : wanted_servers()) {
        INFO("see what tests/servers/up " << server << " says");
        CAPTURE(server);
        CHECK(std::count(running.begin(), running.end(), server) == 1);
    }
    if (wanted_servers().empty()) {
        std::cerr << "SKIPPED: the cases on S3 servers, of which tests/servers/up has started none\n";
        CHECK(std::getenv("CI") == nullptr);
    }
}
