/// Calls that come when a loop has had nothing to do for a while.

#include <catch2/catch.hpp>
#include <chrono>
#include <future>
#include <thread>

#include "filestore/s3_client.h"
#include "support/answers.h"
#include "wire/s3_client.h"

using namespace filestore;
using namespace filestore::test;
using namespace std::chrono_literals;

namespace {

bool answers(S3Client& client) {
    S3ObjectRequest request;
    request.bucket = "bucket";
    request.key = "key";
    return client.head(request).ok();
}

}  // namespace

TEST_CASE("a call that comes just when an idle loop ends is answered", "[wire][idle]") {
    const std::string found = answer("200 OK", std::string(date_line) + "ETag: \"e\"\r\n", "");
    const ScriptedServer server(std::vector<Script>(4, conversation({found, found, found, found, found})));
    S3Client client = S3Client::open(options_for(server)).value();
    for (int call = 0; call < 3; ++call) {
        auto answered = std::async(std::launch::async, [&] { return answers(client); });
        const bool is_answered = answered.wait_for(5s) == std::future_status::ready;
        CHECK(is_answered);
        if (!is_answered) {
            // Takes the one that was forgotten along.
            answers(client);
        }
        CHECK(answered.get());
        // A loop ends after a second without work.
        std::this_thread::sleep_for(1100ms);
    }
}
