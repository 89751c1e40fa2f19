#include "core/digest.h"

#include <catch2/catch.hpp>
#include <span>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "core/encoding.h"

using filestore::hmac_sha256;
using filestore::Md5;
using filestore::Sha1;
using filestore::Sha256;
using filestore::sha256;
using filestore::to_hex;

namespace {

std::span<const std::byte> bytes(std::string_view text) {
    return std::as_bytes(std::span(text));
}

std::string hex_hmac(std::string_view key, std::string_view message) {
    return to_hex(hmac_sha256(bytes(key), message));
}

template <class Running>
std::string hex_digest(std::string_view text) {
    Running hash;
    hash.update(bytes(text.substr(0, text.size() / 2)));
    hash.update(bytes(text.substr(text.size() / 2)));
    return to_hex(hash.finish());
}

constexpr std::string_view empty_digest = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
constexpr std::string_view abc_digest = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

}  // namespace

TEST_CASE("SHA-256 of the examples of FIPS 180", "[digest]") {
    CHECK(to_hex(sha256("")) == empty_digest);
    CHECK(to_hex(sha256("abc")) == abc_digest);
    CHECK(to_hex(sha256("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq")) ==
          "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
    CHECK(to_hex(sha256(std::string(1'000'000, 'a'))) ==
          "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST_CASE("SHA-1 of the examples of FIPS 180", "[digest]") {
    CHECK(hex_digest<Sha1>("") == "da39a3ee5e6b4b0d3255bfef95601890afd80709");
    CHECK(hex_digest<Sha1>("abc") == "a9993e364706816aba3e25717850c26c9cd0d89d");
    CHECK(hex_digest<Sha1>("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq") ==
          "84983e441c3bd26ebaae4aa1f95129e5e54670f1");
    CHECK(hex_digest<Sha1>(std::string(1'000'000, 'a')) == "34aa973cd4c4daa4f61eeb2bdbad27316534016f");
}

TEST_CASE("MD5 of the test suite of RFC 1321", "[digest]") {
    CHECK(hex_digest<Md5>("") == "d41d8cd98f00b204e9800998ecf8427e");
    CHECK(hex_digest<Md5>("abc") == "900150983cd24fb0d6963f7d28e17f72");
    CHECK(hex_digest<Md5>("abcdefghijklmnopqrstuvwxyz") == "c3fcd3d76192e4007dfb496cca67e13b");
    CHECK(
        hex_digest<Md5>("12345678901234567890123456789012345678901234567890123456789012345678901234567890") ==
        "57edf4a22be3c955ac49da2e2107b67a");
}

TEST_CASE("a running SHA-256 does not depend on where the bytes are cut", "[digest]") {
    std::string text;
    for (int i = 0; i < 200; ++i) {
        text += static_cast<char>(i);
    }
    const auto expected = sha256(text);
    for (std::size_t cut = 0; cut <= text.size(); ++cut) {
        Sha256 hash;
        hash.update(bytes(text).first(cut));
        hash.update(bytes(text).subspan(cut));
        REQUIRE(hash.finish() == expected);
    }
}

TEST_CASE("a running SHA-256 starts anew after finish()", "[digest]") {
    Sha256 hash;
    CHECK(to_hex(hash.finish()) == empty_digest);
    hash.update(bytes("abc"));
    CHECK(to_hex(hash.finish()) == abc_digest);
    hash.update({});
    CHECK(to_hex(hash.finish()) == empty_digest);
}

TEST_CASE("a running SHA-256 can be moved", "[digest]") {
    Sha256 first;
    first.update(bytes("a"));
    Sha256 second = std::move(first);
    second.update(bytes("bc"));
    Sha256 third;
    third.update(bytes("forgotten"));
    third = std::move(second);
    CHECK(to_hex(third.finish()) == abc_digest);
}

TEST_CASE("HMAC-SHA-256 of the test cases of RFC 4231", "[digest]") {
    CHECK(hex_hmac(std::string(20, '\x0b'), "Hi There") ==
          "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
    CHECK(hex_hmac("Jefe", "what do ya want for nothing?") ==
          "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    CHECK(hex_hmac(std::string(20, '\xaa'), std::string(50, '\xdd')) ==
          "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe");
    CHECK(hex_hmac(std::string(131, '\xaa'), "Test Using Larger Than Block-Size Key - Hash Key First") ==
          "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
    CHECK(hex_hmac(std::string(131, '\xaa'),
                   "This is a test using a larger than block-size key and a larger than block-size data. "
                   "The key needs to be hashed before being used by the HMAC algorithm.") ==
          "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2");
}

TEST_CASE("HMAC-SHA-256 takes empty keys and messages, and keys of exactly a block", "[digest]") {
    CHECK(hex_hmac("", "") == "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
    // A key is padded with zeros to a block: the two are the same key.
    CHECK(hex_hmac(std::string("key") + std::string(61, '\0'), "m") == hex_hmac("key", "m"));
    CHECK(hex_hmac(std::string(64, 'k'), "m") != hex_hmac(std::string(65, 'k'), "m"));
}

TEST_CASE("digests can be taken on several threads at once", "[digest]") {
    std::vector<int> wrong(4);
    std::vector<std::thread> threads;
    for (int& count : wrong) {
        threads.emplace_back([&count] {
            for (int i = 0; i < 500; ++i) {
                count += to_hex(sha256("abc")) == abc_digest ? 0 : 1;
            }
        });
    }
    for (std::thread& thread : threads) {
        thread.join();
    }
    CHECK(wrong == std::vector<int>(4));
}
