#include "s3/protocol/encoded_word.h"

#include <catch2/catch.hpp>

#include "core/text.h"

using namespace filestore::s3;

TEST_CASE("plain text is its own header", "[s3][encoded_word]") {
    for (const char* const text : {"", "blue", "a b=c", "what? yes", "=", "?="}) {
        CHECK(to_header_text(text) == text);
        CHECK(from_header_text(text) == text);
    }
}

TEST_CASE("text that is not plain goes as encoded words", "[s3][encoded_word]") {
    CHECK(to_header_text("\u00e9") == "=?UTF-8?B?w6k=?=");
    CHECK(to_header_text(" a") == "=?UTF-8?B?IGE=?=");
    CHECK(to_header_text("=?") == "=?UTF-8?B?PT8=?=");
    for (const std::size_t length : {1U, 15U, 16U, 44U, 45U, 46U, 200U}) {
        std::string text;
        for (std::size_t i = 0; i < length; ++i) {
            text += i % 3 == 0 ? "\u00e9" : i % 3 == 1 ? "\u65e5" : "\U0001f600";
        }
        const std::string header = to_header_text(text);
        CHECK(filestore::is_printable_ascii(header));
        CHECK(from_header_text(header) == text);
    }
}

TEST_CASE("encoded words have at most 75 characters, and each its whole characters", "[s3][encoded_word]") {
    const std::string header = to_header_text("a" + std::string(44, 'b') + "\u00e9\u00e9");
    CHECK(header ==
          "=?UTF-8?B?YWJiYmJiYmJiYmJiYmJiYmJiYmJiYmJiYmJiYmJiYmJiYmJiYmJiYmJiYmJi?= =?UTF-8?B?w6nDqQ==?=");
    CHECK(to_header_text(std::string(44, 'b') + "\u00e9").find(' ') != std::string::npos);
}

TEST_CASE("what servers make of encoded words is read", "[s3][encoded_word]") {
    CHECK(from_header_text("=?UTF-8?q?Gr=C3=BC=C3=9Fe-=E6=97=A5=E6=9C=AC?=") ==
          "Gr\u00fc\u00dfe-\u65e5\u672c");
    CHECK(from_header_text("=?utf-8?b?R3LDvMOfZS3ml6XmnKw=?=") == "Gr\u00fc\u00dfe-\u65e5\u672c");
    CHECK(from_header_text("=?UTF-8?Q?a_b?=   =?UTF-8?Q?c?=") == "a bc");
    CHECK(from_header_text("Gr\u00fc\u00dfe") == "Gr\u00fc\u00dfe");
}

TEST_CASE("what is no encoded word of UTF-8 stays", "[s3][encoded_word]") {
    for (const char* const text :
         {"=?UTF-8?B?w6k=", "=?UTF-8?B?w6k?=", "=?UTF-8?X?w6k=?=", "=?UTF-8?B", "=?UTF-8?", "=?",
          "=?ISO-8859-1?Q?=E9?=", "=?UTF-8?Q?=C3?=", "=?UTF-8?Q?=C?=", "=?UTF-8?Q?=?=", "=?UTF-8?Q?=GG?=",
          "a =?UTF-8?B?w6k=?=", "=?UTF-8?B?w6k=?= a", "=?UTF-8?BXw6k=?="}) {
        INFO(text);
        CHECK(from_header_text(text) == text);
    }
}
