#include "conformance/keys.h"

#include <array>
#include <cstdio>
#include <utility>

namespace filestore::test {

namespace {

/// A slash stands before a letter, and a dot behind one, so that these make neither empty segments nor dot segments.
const std::vector<std::string>& plain_pieces() {
    static const std::vector<std::string> pieces{
        "a",      "B", "7",  "-",      "_",      "~",      "x.",     "/d",   " ",      "  ",      "=",
        "?",      "&", "#",  "?a=b&c", "'",      "\"",     "<",      ">",    "<a>",    "&amp;",   "&#x41;",
        "]]>",    ";", ":",  "@",      "!",      "$",      "*",      "(",    ")",      ",",       "^",
        "`",      "{", "}",  "|",      "[",      "]",      "\\",     "${x}", "é",      "e\u0301", "ß",
        "日本語", "𝄞", "😀", "\u00a0", "\u200f", "\u2028", "\ufeff", "Å",    "\u212b", "ﬁ"};
    return pieces;
}

}  // namespace

KeyMaker::KeyMaker(std::vector<std::string> difficult, std::uint64_t seed)
    : chance_(seed), difficult_(std::move(difficult)) {}

std::string KeyMaker::next_number() {
    return std::to_string(++number_) + "-";
}

const std::string& KeyMaker::any_of(const std::vector<std::string>& pieces) {
    return pieces[chance_() % pieces.size()];
}

std::string KeyMaker::next() {
    std::string key = next_number();
    const auto pieces = 1 + chance_() % 16;
    const auto difficult_place = chance_() % pieces;
    for (std::uint64_t place = 0; place < pieces; ++place) {
        const bool difficult = !difficult_.empty() && (place == difficult_place || chance_() % 4 == 0);
        key += any_of(difficult ? difficult_ : plain_pieces());
    }
    return key + "z";
}

std::string KeyMaker::next_of(std::size_t bytes, std::size_t longest_segment) {
    std::string key = next_number();
    std::size_t segment = key.size();
    while (key.size() < bytes) {
        const std::string& piece = any_of(plain_pieces());
        if (piece.front() == '/') {
            continue;
        }
        const bool fits = segment + piece.size() < longest_segment;
        const std::string_view added = fits ? std::string_view(piece) : std::string_view("/d");
        segment = fits ? segment + piece.size() : 1;
        if (key.size() + added.size() > bytes) {
            return key.append(bytes - key.size(), 'z');
        }
        key += added;
    }
    return key;
}

std::vector<std::string> plus_and_percent() {
    return {"+", "%", "%%", "%2F", "%20", "%2B", "%zz", "%00", "%u0041", "%e9"};
}

std::vector<std::string> control_characters() {
    std::vector<std::string> characters{"\x7f", "\u0085", "\ufffe", "\uffff"};
    for (char c = 1; c < 0x20; ++c) {
        if (c != '\n' && c != '\r') {
            characters.emplace_back(1, c);
        }
    }
    return characters;
}

std::vector<std::string> keys_that_look_alike() {
    return {"caf\u00e9", "cafe\u0301", "CAF\u00c9", "x/y",     "X/Y",  "\u212b",      "\u00c5", "A\u030a",
            "\ufb01",    "fi",         "q?v",       "q&amp;v", "q&v",  "nbsp\u00a0z", "nbsp z", "zw\u200bz",
            "zwz",       "\ufeffbom",  "bom",       "tail ",   "tail", " lead",       "lead"};
}

std::vector<std::string> keys_that_decode_alike() {
    return {"a b",   "a+b", "a%20b", "a%2Bb",     "a%2520b",   "x/y",      "x%2Fy",
            "x%2fy", "q?v", "q%3Fv", "caf\u00e9", "caf%C3%A9", "caf%c3%a9"};
}

std::string escaped(std::string_view key) {
    std::string text;
    for (const char c : key) {
        std::array<char, 8> code{};
        std::snprintf(code.data(), code.size(), "\\x%02X",
                      static_cast<unsigned>(static_cast<unsigned char>(c)));
        text += c >= ' ' && c < 0x7F ? std::string(1, c) : std::string(code.data());
    }
    return text;
}

}  // namespace filestore::test
