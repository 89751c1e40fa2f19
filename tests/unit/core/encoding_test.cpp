#include "core/encoding.h"

#include <catch2/catch.hpp>
#include <random>
#include <span>
#include <string>

using filestore::ErrorCode;
using filestore::from_base64;
using filestore::to_base64;
using filestore::to_hex;

TEST_CASE("bytes are written as lower-case hexadecimal digits", "[encoding]") {
    const auto hex = [](std::string_view bytes) { return to_hex(std::as_bytes(std::span(bytes))); };
    CHECK(hex("").empty());
    CHECK(hex(std::string_view("\0\x01\x0A\x7F\x80\xAB\xFF", 7)) == "00010a7f80abff");
}

TEST_CASE("the vectors of RFC 4648, section 10", "[encoding]") {
    struct Row {
        const char* bytes;
        const char* text;
    };
    const Row rows[] = {{"", ""},
                        {"f", "Zg=="},
                        {"fo", "Zm8="},
                        {"foo", "Zm9v"},
                        {"foob", "Zm9vYg=="},
                        {"fooba", "Zm9vYmE="},
                        {"foobar", "Zm9vYmFy"}};
    for (const Row& row : rows) {
        CHECK(to_base64(row.bytes) == row.text);
        CHECK(from_base64(row.text).value() == row.bytes);
    }
    CHECK(to_base64("\xFB\xFF\xBF") == "+/+/");
}

TEST_CASE("base64 of every length and byte comes back", "[encoding]") {
    std::mt19937 random(4648);
    std::uniform_int_distribution<int> bytes(0, 255);
    for (std::size_t length = 0; length < 300; ++length) {
        std::string original(length, '\0');
        for (char& character : original) {
            character = static_cast<char>(bytes(random));
        }
        const std::string text = to_base64(original);
        REQUIRE(text.size() == (length + 2) / 3 * 4);
        REQUIRE(from_base64(text).value() == original);
    }
}

TEST_CASE("what is not padded base64 is refused", "[encoding]") {
    const std::string rows[] = {
        "Z",
        "Zg",
        "Zg=",
        "Zm8",
        "=",
        "==",
        "===",
        "====",
        "Z===",
        "Zg==Zg==",
        "Zm=v",
        "=Zm9",
        "Zm9v\n",
        "Zm9v\nZm9v\n\n\n",
        "Zm9v ",
        " Zm9",
        "Zm9-",
        "Zm9_",
        "Zm9v====",
        "Zm9\xC3",
        "\xFF\xFF\xFF\xFF",
        std::string("Zm9\0", 4),
        std::string("\0\0\0\0", 4),
    };
    for (const std::string& text : rows) {
        INFO(text);
        const auto bytes = from_base64(text);
        REQUIRE_FALSE(bytes.ok());
        CHECK(bytes.error().code() == ErrorCode::invalid_argument);
    }
}

TEST_CASE("bits that stand for no byte must be zero", "[encoding]") {
    CHECK_FALSE(from_base64("Zh==").ok());
    CHECK_FALSE(from_base64("Zm9=").ok());
    CHECK(from_base64("Zg==").ok());
    CHECK(from_base64("Zm8=").ok());
}
