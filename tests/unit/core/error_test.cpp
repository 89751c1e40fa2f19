#include "filestore/error.h"

#include <catch2/catch.hpp>
#include <cstring>
#include <memory>
#include <set>
#include <string>
#include <type_traits>

using filestore::Error;
using filestore::ErrorCode;
using filestore::ErrorDetails;
using filestore::to_string;

namespace {

constexpr ErrorCode all_codes[] = {
#define CODE(name, number, text) ErrorCode::name,
    FILESTORE_ERROR_CODES(CODE)
#undef CODE
};

}  // namespace

TEST_CASE("the numbers of the codes are part of the ABI", "[error]") {
    CHECK(static_cast<int>(ErrorCode::ok) == 0);
    CHECK(static_cast<int>(ErrorCode::invalid_argument) == 1);
    CHECK(static_cast<int>(ErrorCode::not_found) == 2);
    CHECK(static_cast<int>(ErrorCode::cancelled) == 11);
    CHECK(static_cast<int>(ErrorCode::io) == 17);
    CHECK(static_cast<int>(ErrorCode::internal) == 25);
}

TEST_CASE("every code has its own name and text", "[error]") {
    std::set<std::string_view> names;
    std::set<std::string_view> texts;
    for (const ErrorCode code : all_codes) {
        CHECK(names.insert(to_string(code)).second);
        CHECK(texts.insert(Error(code).message()).second);
        CHECK_FALSE(Error(code).message().empty());
    }
    CHECK(names.count("not_found") == 1);
    CHECK(to_string(ErrorCode::not_found) == "not_found");
}

TEST_CASE("a code from a newer library has a name and a text", "[error]") {
    const auto newer = static_cast<ErrorCode>(10'000);
    CHECK(to_string(newer) == "unknown");
    CHECK_FALSE(Error(newer).message().empty());
    CHECK(Error(newer).code() == newer);
}

TEST_CASE("messages are NUL-terminated", "[error]") {
    const std::string text(100, 'x');
    for (const Error& error : {Error(ErrorCode::io), Error(ErrorCode::io, "short"),
                               Error(ErrorCode::io, text), Error(ErrorCode::io, text).within("here")}) {
        CHECK(std::strlen(error.message().data()) == error.message().size());
    }
}

TEST_CASE("messages are one line of UTF-8", "[error]") {
    const auto message = [](std::string text) {
        return std::string(Error(ErrorCode::io, std::move(text)).message());
    };
    CHECK(message("a\nb\r\nc\td") == "a b  c d");
    CHECK(message(std::string("a\0b", 3)) == "a b");
    CHECK(message("\x1B[31mred\x7F") == " [31mred ");
    CHECK(message("next\xC2\x85line, \xC2\x9B") == "next line,  ");
    CHECK(message("caf\xC3\xA9 \xE2\x82\xAC \xF0\x9F\x98\x80") ==
          "caf\xC3\xA9 \xE2\x82\xAC \xF0\x9F\x98\x80");
    CHECK(message("cut \xC3") == "cut ?");
    CHECK(message("\xFF\xFE") == "??");
}

TEST_CASE("an error without a message has its code's text", "[error]") {
    CHECK(Error(ErrorCode::timeout).message() == "the deadline passed");
    CHECK(Error(ErrorCode::timeout, "").message() == "the deadline passed");
}

TEST_CASE("details come back unchanged", "[error]") {
    ErrorDetails details;
    details.retryable = true;
    details.http_status = 503;
    details.server_code = "SlowDown";
    details.request_id = "4442587FB7D0A2F9";
    details.caller_code = -7;
    const Error error(ErrorCode::rate_limited, "slow down", details);
    CHECK(error.retryable());
    CHECK(error.details().http_status == 503);
    CHECK(error.details().server_code == "SlowDown");
    CHECK(error.details().request_id == "4442587FB7D0A2F9");
    CHECK(error.details().caller_code == -7);

    const Error plain(ErrorCode::rate_limited);
    CHECK_FALSE(plain.retryable());
    CHECK(plain.details().http_status == 0);
    CHECK(plain.details().server_code.empty());
}

TEST_CASE("within() leads the message and keeps the rest", "[error]") {
    ErrorDetails details;
    details.http_status = 404;
    const Error inner(ErrorCode::not_found, "no such key", details);
    const Error outer = inner.within("bucket 'a'");
    CHECK(outer.message() == "bucket 'a': no such key");
    CHECK(outer.code() == ErrorCode::not_found);
    CHECK(outer.details().http_status == 404);
    CHECK(inner.message() == "no such key");
    CHECK(Error(ErrorCode::timeout).within("a\nb").message() == "a b: the deadline passed");
}

TEST_CASE("a message lives as long as any copy of its error", "[error]") {
    auto first = std::make_unique<Error>(ErrorCode::io, std::string(64, 'm'));
    const std::string_view message = first->message();
    const Error copy = *first;
    first.reset();
    CHECK(message == std::string(64, 'm'));
    CHECK(copy.message().data() == message.data());
}

TEST_CASE("the error without details can be made without allocation", "[error]") {
    STATIC_REQUIRE(std::is_nothrow_constructible_v<Error, ErrorCode>);
    STATIC_REQUIRE(std::is_nothrow_copy_constructible_v<Error>);
}
