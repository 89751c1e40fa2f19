/// Looks at the memory that is given back: no secret may be in it. A program of its own, since it replaces the allocator.

#define CATCH_CONFIG_MAIN
#include <malloc.h>

#include <array>
#include <atomic>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <new>

#include "s3/credentials/chain.h"
#include "s3/credentials/key_json.h"
#include "s3/protocol/sts.h"
#include "support/credentials.h"

using namespace filestore;
using namespace filestore::test;

namespace {

constexpr std::string_view canary = "canary-canary-canary-canary-canary-canary";

std::atomic<bool> armed{false};
std::atomic<int> found{0};
/// Keeps a string from being left out by the compiler.
std::atomic<const char*> place{nullptr};

/// Whether most of the secret is there: emptying a string overwrites its first byte.
bool holds(const void* memory, std::size_t size, std::string_view secret) {
    const std::string_view most = secret.substr(1);
    return ::memmem(memory, size, most.data(), most.size()) != nullptr;
}

void give_back(void* memory) noexcept {
    if (armed.load() && memory != nullptr && holds(memory, ::malloc_usable_size(memory), canary)) {
        found.fetch_add(1);
    }
    std::free(memory);
}

/// Runs `action` and counts the blocks with the canary that it gives back.
template <class Action>
int leftovers_of(Action&& action) {
    found.store(0);
    armed.store(true);
    action();
    armed.store(false);
    return found.load();
}

}  // namespace

void* operator new(std::size_t size) {
    // Zeroed: what an earlier block left behind is no finding of this one.
    if (void* const memory = std::calloc(1, size == 0 ? 1 : size)) {
        return memory;
    }
    throw std::bad_alloc();
}
void operator delete(void* memory) noexcept {
    give_back(memory);
}
void operator delete(void* memory, std::size_t) noexcept {
    give_back(memory);
}

TEST_CASE("the watch sees a string that is not wiped", "[s3][credentials]") {
    CHECK(leftovers_of([] {
              const std::string text(canary);
              place.store(text.data());
          }) == 1);
}

TEST_CASE("credentials leave nothing behind when they go, are copied, moved and assigned to",
          "[s3][credentials]") {
    CHECK(leftovers_of([] {
              s3::Credentials keys{"access", canary, canary};
              s3::Credentials copy = keys;
              const s3::Credentials moved = std::move(keys);
              copy = moved;
              copy = s3::Credentials{"access", "short", "short"};
              auto resolved = std::make_unique<s3::ResolvedCredentials>();
              resolved->keys = moved;
          }) == 0);
}

TEST_CASE("a credential object leaves nothing in its own memory, also where its secrets are short",
          "[s3][credentials]") {
    constexpr std::string_view secret = "canary-short";
    alignas(s3::Credentials) std::array<std::byte, sizeof(s3::Credentials)> room{};
    auto* const keys = new (room.data()) s3::Credentials{"access", secret, secret};
    REQUIRE(holds(room.data(), room.size(), secret));
    std::destroy_at(keys);
    CHECK_FALSE(holds(room.data(), room.size(), secret));
}

TEST_CASE("the caller's options leave nothing behind when they go, are moved and assigned to",
          "[s3][credentials]") {
    const std::string longer(canary.size() * 10, 'x');
    CHECK(leftovers_of([&] {
              auto options = std::make_unique<S3Credentials>();
              options->secret_key = canary;
              options->session_token = canary;
              S3Credentials copy = *options;
              const S3Credentials moved = std::move(*options);
              copy.secret_key = longer;
              copy = moved;
              copy = S3Credentials();
          }) == 0);
}

TEST_CASE("signing leaves nothing of the secret key behind", "[s3][credentials]") {
    const s3::Credentials keys{"access", canary, ""};
    const s3::SigningRequest request{
        "GET", "/bucket/key", {}, {{"host", "host"}}, std::string(s3::empty_payload_hash)};
    std::size_t headers = 0;
    CHECK(leftovers_of([&] {
              headers = s3::sign_headers(request, keys, {"us-east-1", "s3", {}}).size();
          }) == 0);
    CHECK(headers > 0);
}

TEST_CASE("answers with keys leave nothing behind when they are read", "[s3][credentials]") {
    const std::string quoted_canary = '"' + std::string(canary) + '"';
    SecretString json = R"({"Code": "Success", "AccessKeyId": "access", "SecretAccessKey": )" +
                        quoted_canary + R"(, "Token": )" + quoted_canary +
                        R"(, "Expiration": "2026-01-31T12:00:00Z"})";
    const std::string text(canary);
    SecretString xml =
        "<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>access</"
        "AccessKeyId><SecretAccessKey>" +
        text + "</SecretAccessKey><SessionToken>" + text +
        "</SessionToken><Expiration>2026-01-31T12:00:00Z</Expiration></Credentials></AssumeRoleResult>"
        "</AssumeRoleResponse>";
    bool both = false;
    CHECK(leftovers_of([&] {
              const auto of_json = s3::parse_metadata_keys(std::move(json));
              const auto of_xml = s3::parse_sts_keys(std::move(xml));
              both = of_json.ok() && of_xml.ok() && of_xml->keys.secret_key == canary;
          }) == 0);
    CHECK(both);
}

TEST_CASE("a client's provider leaves nothing behind after it gave keys", "[s3][credentials]") {
    S3Credentials options;
    options.access_key = "access";
    options.secret_key = canary;
    options.session_token = canary;
    const auto context = context_with({}, std::make_shared<NoTransport>());
    bool given = false;
    CHECK(leftovers_of([&] {
              const auto provider = s3::make_credentials_provider(options, context);
              (*provider)->get({}, [&](const Result<s3::ResolvedCredentials>& keys) {
                  given = keys.ok() && keys->keys.secret_key == canary;
              });
          }) == 0);
    CHECK(given);
}
