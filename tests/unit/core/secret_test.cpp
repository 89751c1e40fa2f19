#include "core/secret.h"

#include <catch2/catch.hpp>
#include <utility>

using filestore::Secrets;
using filestore::SecretString;
using filestore::wipe;
using filestore::without_secrets;

TEST_CASE("a wiped string is empty, and so is all that it had room for", "[core]") {
    std::string text(100, 'x');
    text.resize(10);
    const std::string_view room(text.data(), 100);
    REQUIRE(room.ends_with('x'));
    wipe(text);
    CHECK(text.empty());
    CHECK(room.find('x') == std::string_view::npos);
}

TEST_CASE("a secret is copied, moved and compared like a string", "[core]") {
    SecretString secret = "a secret that does not fit into the string object itself";
    const SecretString copy = secret;
    CHECK(copy == secret);
    const SecretString moved = std::move(secret);
    CHECK(moved == copy);
    secret = "short";
    CHECK(secret == "short");
    CHECK(std::string_view(secret) == "short");
    CHECK(secret.size() == 5);
    CHECK_FALSE(secret.empty());
    secret = {};
    CHECK(secret.empty());
}

TEST_CASE("secrets are cut out of what others say", "[core]") {
    const Secrets secrets{"key", "", "key and more", "*"};
    CHECK(without_secrets("the key, a key and more, keykey", secrets) == "the ***, a ***, ******");
    CHECK(without_secrets("key", secrets) == "***");
    CHECK(without_secrets("5 * 7", secrets) == "5 *** 7");
    CHECK(without_secrets("ke y", secrets) == "ke y");
    CHECK(without_secrets("", secrets).empty());
    CHECK(without_secrets("key", {}) == "key");
}
