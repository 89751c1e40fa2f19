/// Which options a client is opened with. Opening one asks nobody.

#include <catch2/catch.hpp>

#include "filestore/s3_client.h"
#include "support/code_of.h"

using namespace filestore;
using namespace std::chrono_literals;

namespace {

using Change = void (*)(S3ClientOptions&);

Result<S3Client> open_with(Change change) {
    S3ClientOptions options;
    options.credentials.anonymous = true;
    change(options);
    return S3Client::open(std::move(options));
}

}  // namespace

TEST_CASE("times of a client's options that cannot be meant are refused", "[s3][options]") {
    const std::vector<Change> refused{
        [](S3ClientOptions& options) { options.connect_timeout = 0ms; },
        [](S3ClientOptions& options) { options.first_byte_timeout = 25h; },
        [](S3ClientOptions& options) { options.stall_timeout = -1ms; },
        [](S3ClientOptions& options) { options.expect_wait = 0ms; },
        [](S3ClientOptions& options) { options.expect_wait = 25h; },
        [](S3ClientOptions& options) { options.dns_cache_time = -1s; },
        [](S3ClientOptions& options) { options.dns_cache_time = std::chrono::seconds::max(); },
        [](S3ClientOptions& options) { options.max_idle_age = -1s; },
        [](S3ClientOptions& options) { options.max_idle_age = std::chrono::seconds::max(); },
        [](S3ClientOptions& options) { options.retry.max_attempts = 0; },
        [](S3ClientOptions& options) { options.retry.first_delay = -1ms; },
        [](S3ClientOptions& options) { options.retry.longest_delay = std::chrono::milliseconds::max(); },
        [](S3ClientOptions& options) { options.retry.longest_time = -1ms; },
        [](S3ClientOptions& options) { options.retry.longest_silence = std::chrono::milliseconds::min(); },
    };
    for (std::size_t number = 0; number < refused.size(); ++number) {
        INFO("change " << number);
        CHECK(code_of(open_with(refused[number])) == ErrorCode::invalid_argument);
    }
}

TEST_CASE("the longest and the shortest times of a client's options", "[s3][options]") {
    CHECK(open_with([](S3ClientOptions& options) {
              options.connect_timeout = options.first_byte_timeout = options.stall_timeout = 24h;
              options.dns_cache_time = options.max_idle_age = 24h;
              options.retry = {1000, 24h, 24h, std::chrono::milliseconds::max(),
                               std::chrono::milliseconds::max()};
          }).ok());
    CHECK(open_with([](S3ClientOptions& options) {
              options.connect_timeout = options.first_byte_timeout = options.stall_timeout = 1ms;
              options.dns_cache_time = options.max_idle_age = 0s;
              options.retry = {1, 0ms, 0ms, 0ms, 0ms};
          }).ok());
}

TEST_CASE("a client trusts one set of certificates", "[s3][options]") {
    const auto refused = open_with([](S3ClientOptions& options) {
        options.ca_pem = "-----BEGIN CERTIFICATE-----";
        options.ca_file = "/etc/ca.pem";
    });
    CHECK(code_of(refused) == ErrorCode::invalid_argument);
    CHECK(open_with([](S3ClientOptions& options) { options.ca_file = "/etc/ca.pem"; }).ok());
}
