#include "service/validation/clamd.h"

#include <catch2/catch.hpp>
#include <string>
#include <string_view>

#include "service/validation/scanner_address.h"

using namespace filestore;
using namespace filestore::validation;
using clamd::Answer;

TEST_CASE("an answer of the scanner is read", "[validation]") {
    struct Row {
        std::string_view line;
        Answer::Kind kind;
        std::string_view detail;
    };
    const auto row = GENERATE(values<Row>(
        {{"stream: OK", Answer::Kind::clean, ""},
         {"stream: Eicar-Signature FOUND", Answer::Kind::found, "Eicar-Signature"},
         {"stream: a FOUND b FOUND", Answer::Kind::found, "a FOUND b"},
         {"INSTREAM size limit exceeded. ERROR", Answer::Kind::failed, "INSTREAM size limit exceeded."},
         {"stream: Can't allocate memory ERROR", Answer::Kind::failed, "Can't allocate memory"},
         {"UNKNOWN COMMAND", Answer::Kind::failed, "UNKNOWN COMMAND"},
         {"", Answer::Kind::failed, ""}}));
    CAPTURE(row.line);
    CHECK_FALSE(clamd::parse_answer(row.line));
    const auto answer = clamd::parse_answer(std::string(row.line) + '\0');
    REQUIRE(answer);
    CHECK(answer->kind == row.kind);
    CHECK(answer->detail == row.detail);
}

TEST_CASE("the length of a piece is sent with its highest byte first", "[validation]") {
    const auto length = clamd::length_of_piece(0x01020304);
    CHECK(length == std::array{std::byte{1}, std::byte{2}, std::byte{3}, std::byte{4}});
}

TEST_CASE("the address of a scanner is read", "[validation]") {
    CHECK(parse_scanner_address("unix:/run/clamav/clamd.ctl")->socket_path == "/run/clamav/clamd.ctl");
    CHECK(parse_scanner_address("tcp:clamav:3310")->host == "clamav");
    CHECK(parse_scanner_address("tcp:[::1]:3310")->host == "::1");
    CHECK(parse_scanner_address("tcp:[::1]:3310")->port == "3310");
    const auto wrong = GENERATE("", "clamd.ctl", "unix:clamd.ctl", "tcp:localhost", "tcp::3310", "tcp:a:0",
                                "tcp:a:65536", "tcp:a:x", "tcp:a:");
    CAPTURE(wrong);
    REQUIRE_FALSE(parse_scanner_address(wrong).ok());
    CHECK(parse_scanner_address(wrong).error().code() == ErrorCode::invalid_argument);
    CHECK_FALSE(parse_scanner_address("unix:/" + std::string(200, 'x')).ok());
}
