#include "core/text.h"

#include <array>
#include <catch2/catch.hpp>
#include <string>

using filestore::is_printable_ascii;
using filestore::is_utf8;
using filestore::nearest_name;
using filestore::quoted;

namespace {

/// The generic form of UTF-8, without its restrictions.
std::string encode_anyway(unsigned code_point) {
    const auto tail = [code_point](int shift) {
        return static_cast<char>(0x80 | (code_point >> shift & 0x3F));
    };
    if (code_point < 0x80) {
        return {static_cast<char>(code_point)};
    }
    if (code_point < 0x800) {
        return {static_cast<char>(0xC0 | code_point >> 6), tail(0)};
    }
    if (code_point < 0x10000) {
        return {static_cast<char>(0xE0 | code_point >> 12), tail(6), tail(0)};
    }
    return {static_cast<char>(0xF0 | code_point >> 18), tail(12), tail(6), tail(0)};
}

}  // namespace

TEST_CASE("every code point but the surrogates is UTF-8", "[text]") {
    for (unsigned code_point = 0; code_point < 0x120000; ++code_point) {
        const bool allowed = code_point <= 0x10FFFF && (code_point < 0xD800 || code_point > 0xDFFF);
        const std::string text = encode_anyway(code_point);
        if (is_utf8(text) != allowed || is_utf8("a" + text + "z") != allowed) {
            FAIL("code point " << code_point);
        }
    }
    SUCCEED();
}

TEST_CASE("texts that are UTF-8", "[text]") {
    CHECK(is_utf8(""));
    CHECK(is_utf8(std::string_view("a\0b", 3)));
    CHECK(is_utf8("caf\xC3\xA9, \xE6\x97\xA5\xE6\x9C\xAC, \xF0\x9F\x98\x80"));
}

TEST_CASE("texts that are not UTF-8", "[text]") {
    for (const char* text : {"\x80",
                             "\xBF",
                             "\xC0\x80",
                             "\xC1\xBF",
                             "\xC3",
                             "\xC3(",
                             "\xE0\x80\x80",
                             "\xE0\x9F\xBF",
                             "\xE2\x82",
                             "\xE2\x28\xA1",
                             "\xE2\x82(",
                             "\xED\xA0\x80",
                             "\xED\xBF\xBF",
                             "\xF0\x80\x80\x80",
                             "\xF0\x8F\xBF\xBF",
                             "\xF0\x9F\x98",
                             "\xF4\x90\x80\x80",
                             "\xF5\x80\x80\x80",
                             "\xF8\x88\x80\x80\x80",
                             "\xFE",
                             "\xFF",
                             "good \xC3\xA9 then bad \xE9"}) {
        INFO(text);
        CHECK_FALSE(is_utf8(text));
    }
}

TEST_CASE("printable ASCII is 0x20 to 0x7E", "[text]") {
    for (int byte = 0; byte < 256; ++byte) {
        const char character = static_cast<char>(byte);
        CHECK(is_printable_ascii({&character, 1}) == (byte >= 0x20 && byte <= 0x7E));
    }
    CHECK(is_printable_ascii(""));
    CHECK(is_printable_ascii("a b~"));
    CHECK_FALSE(is_printable_ascii("abc\n"));
}

TEST_CASE("quoted text is safe to print", "[text]") {
    CHECK(quoted("") == "''");
    CHECK(quoted("a b") == "'a b'");
    CHECK(quoted("caf\xC3\xA9") == "'caf\xC3\xA9'");
    CHECK(quoted("a\nb\x1B") == "'a\\x0ab\\x1b'");
    CHECK(quoted(std::string_view("\0", 1)) == "'\\x00'");
    CHECK(quoted("\x7F") == "'\\x7f'");
    CHECK(quoted("\xC2\x9B") == "'\\xc2\\x9b'");
    CHECK(quoted("a\xE9z") == "'a\\xe9z'");
    CHECK(quoted("\xE2\x82") == "'\\xe2\\x82'");
}

TEST_CASE("quoted text is cut at 300 characters, never inside one", "[text]") {
    CHECK(quoted(std::string(300, 'x')) == "'" + std::string(300, 'x') + "'");
    CHECK(quoted(std::string(301, 'x')) == "'" + std::string(300, 'x') + "...'");
    std::string accents;
    std::string cut = "'";
    for (int i = 0; i < 350; ++i) {
        accents += "\xC3\xA9";
        cut += i < 300 ? "\xC3\xA9" : "";
    }
    CHECK(quoted(accents) == cut + "...'");
    CHECK(is_utf8(quoted(std::string(1000, '\xFF'))));
}

TEST_CASE("the nearest name is found for a likely slip", "[text]") {
    constexpr std::array<std::string_view, 6> names = {"backend",        "base_path",      "bucket_name",
                                                       "aws_access_key", "aws_secret_key", "region"};
    CHECK(nearest_name("bakend", names) == "backend");
    CHECK(nearest_name("backedn", names) == "backend");
    CHECK(nearest_name("base-path", names) == "base_path");
    CHECK(nearest_name("bucketname", names) == "bucket_name");
    CHECK(nearest_name("aws_acess_key", names) == "aws_access_key");
    CHECK(nearest_name("aws_secretkey", names) == "aws_secret_key");
    CHECK(nearest_name("regoin", names) == "region");
    CHECK(nearest_name("region", names) == "region");
}

TEST_CASE("the beginning of a name stands for it where no name is nearer", "[text]") {
    constexpr std::array<std::string_view, 4> names = {"clone", "cleanup", "retention_days",
                                                       "retention_hours"};
    CHECK(nearest_name("clean", names) == "cleanup");
    CHECK(nearest_name("retention", names) == "retention_days");
    CHECK(nearest_name("clon", names) == "clone");
    CHECK_FALSE(nearest_name("cl", names));
}

TEST_CASE("nothing is guessed for a word that is no slip", "[text]") {
    constexpr std::array<std::string_view, 3> names = {"s3", "local", "region"};
    CHECK_FALSE(nearest_name("", names));
    CHECK_FALSE(nearest_name("azure", names));
    CHECK_FALSE(nearest_name("gs", std::array<std::string_view, 1>{"local"}));
    CHECK_FALSE(nearest_name("xy", names));
    CHECK_FALSE(nearest_name("region", {}));
    CHECK_FALSE(nearest_name(std::string(100'000, 'r'), names));
}

TEST_CASE("of equally near names the first is taken, and a nearer one goes before both", "[text]") {
    CHECK(nearest_name("catt", std::array<std::string_view, 2>{"cats", "catz"}) == "cats");
    CHECK(nearest_name("delete-x", std::array<std::string_view, 2>{"delete", "delete-y"}) == "delete-y");
}
