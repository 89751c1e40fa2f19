#include "serve/head_layout.h"

#include <catch2/catch.hpp>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

using filestore::tool::serve::is_told_whole;
using filestore::tool::serve::ToldHead;

namespace {

/// A head, and what is told of it in brackets.
bool is_whole(std::string_view bracketed) {
    std::string whole;
    std::vector<std::pair<std::size_t, std::size_t>> pieces;
    for (const char c : bracketed) {
        if (c == '[') {
            pieces.emplace_back(whole.size(), 0);
        } else if (c == ']') {
            pieces.back().second = whole.size() - pieces.back().first;
        } else {
            whole += c;
        }
    }
    const auto piece = [&](std::size_t at) {
        return std::string_view(whole).substr(pieces[at].first, pieces[at].second);
    };
    ToldHead head{.whole = whole, .method = piece(0), .target = piece(1), .version = piece(2)};
    for (std::size_t at = 3; at < pieces.size(); at += 2) {
        head.fields.emplace_back(piece(at), piece(at + 1));
    }
    return is_told_whole(head);
}

}  // namespace

TEST_CASE("a head of which all is told") {
    const std::string first = "[GET] [/a?b] [HTTP/1.1]\r\n";
    struct Case {
        std::string head;
        bool is_whole;
    };
    const Case cases[] = {
        {first + "\r\n", true},
        {first + "[A]: [b]\r\n\r\n", true},
        {first + "[A]:[b]\r\n[C]: \t []\r\n[D]:[]\r\n\r\n", true},
        {first, false},
        {first + "\n", false},
        {first + "\r\n\r\n", false},
        {first + "[A]: [b]\n\r\n", false},
        {first + "[A]: [b]\n[C]: [d]\r\n\r\n", false},
        {first + "[A]: [b]\r\n c\r\n\r\n", false},
        {first + "[A]: [b]\r\n c\r\n[D]: [e]\r\n\r\n", false},
        {first + "[A]: [b].c\r\n\r\n", false},
        {first + "[A].: [b]\r\n\r\n", false},
        {first + "A: b\r\n\r\n", false},
        {"[GET]  [/a] [HTTP/1.1]\r\n\r\n", false},
        {"[GET] [/a]  [HTTP/1.1]\r\n\r\n", false},
        {"[GET] [/a].b [HTTP/1.1]\r\n\r\n", false},
        {"[GET].B [/a] [HTTP/1.1]\r\n\r\n", false},
        {" [GET] [/a] [HTTP/1.1]\r\n\r\n", false},
        {"[GET] [/a] [HTTP/1.1].0\r\n\r\n", false},
    };
    for (const Case& one : cases) {
        CAPTURE(one.head);
        CHECK(is_whole(one.head) == one.is_whole);
    }
}

TEST_CASE("what is told of a head stands elsewhere") {
    const std::string_view whole = "GET /a HTTP/1.1\r\nA: b\r\n\r\n";
    const std::string elsewhere = "A";
    ToldHead head{.whole = whole,
                  .method = whole.substr(0, 3),
                  .target = whole.substr(4, 2),
                  .version = whole.substr(7, 8)};
    head.fields.emplace_back(elsewhere, whole.substr(20, 1));
    CHECK_FALSE(is_told_whole(head));
    head.fields[0].first = whole.substr(17, 1);
    CHECK(is_told_whole(head));
    head.fields[0].second = {};
    CHECK_FALSE(is_told_whole(head));
}
