#include "filestore/file_id.h"

#include <bitset>
#include <catch2/catch.hpp>
#include <set>
#include <string>
#include <unordered_set>

using filestore::ErrorCode;
using filestore::FileId;

namespace {

const std::string good = "0a1b2c3d-4e5f-4a6b-8c7d-9e0f1a2b3c4d";

void check_refused(const std::string& text) {
    INFO(text);
    const auto id = FileId::parse(text);
    REQUIRE_FALSE(id.ok());
    CHECK(id.error().code() == ErrorCode::invalid_argument);
}

std::string with(std::size_t place, std::string_view replacement) {
    return std::string(good).replace(place, 1, replacement);
}

}  // namespace

TEST_CASE("a UUID of version 4 is read and comes back", "[file_id]") {
    for (const char* text : {"0a1b2c3d-4e5f-4a6b-8c7d-9e0f1a2b3c4d", "00000000-0000-4000-8000-000000000000",
                             "ffffffff-ffff-4fff-bfff-ffffffffffff", "12345678-9abc-4def-9012-3456789abcde",
                             "12345678-9abc-4def-a012-3456789abcde"}) {
        const auto id = FileId::parse(text);
        REQUIRE(id.ok());
        CHECK(id->text() == text);
        CHECK(id->str() == text);
        CHECK_FALSE(id->is_nil());
    }
}

TEST_CASE("the default ID is nil and cannot be read from text", "[file_id]") {
    const FileId nil;
    CHECK(nil.is_nil());
    CHECK(nil.text() == "00000000-0000-0000-0000-000000000000");
    check_refused(nil.str());
}

TEST_CASE("other versions and variants are refused", "[file_id]") {
    for (const char version : std::string("0123567 89abcdef")) {
        check_refused(with(14, std::string(1, version)));
    }
    for (const char variant : std::string("01234567cdef-")) {
        check_refused(with(19, std::string(1, variant)));
    }
    check_refused("ffffffff-ffff-ffff-ffff-ffffffffffff");
}

TEST_CASE("other spellings of the same UUID are refused", "[file_id]") {
    check_refused("0A1B2C3D-4E5F-4A6B-8C7D-9E0F1A2B3C4D");
    check_refused(with(1, "A"));
    check_refused(with(19, "A"));
    check_refused("{" + good + "}");
    check_refused("(" + good + ")");
    check_refused("urn:uuid:" + good);
    check_refused("0a1b2c3d4e5f4a6b8c7d9e0f1a2b3c4d");
    check_refused("0a1b-2c3d4e5f-4a6b-8c7d-9e0f1a2b3c4d");
    check_refused(" " + good);
    check_refused(good + " ");
    check_refused(good + "\n");
    check_refused('"' + good + '"');
}

TEST_CASE("IDs of another length are refused", "[file_id]") {
    check_refused("");
    check_refused(good.substr(0, 35));
    check_refused(good.substr(1));
    check_refused(good + "0");
    check_refused(good + good);
    check_refused(std::string(1 << 20, 'a'));
}

TEST_CASE("what would lead a path or URL astray is refused", "[file_id]") {
    check_refused("../");
    check_refused("..");
    check_refused("/etc/passwd");
    check_refused("../../../../../../../../../etc/pass");
    check_refused("../../../../../../../../../etc/passwd");
    check_refused("../../../../../../../../../../etc/pw");
    check_refused("0a1b2c3d-4e5f-4a6b-8c7d-9e0f1a2b3/..");
    check_refused("../b2c3d-4e5f-4a6b-8c7d-9e0f1a2b3c4d");
    check_refused("metadata");
    check_refused(good + "/..");
    check_refused(good + ".json");
    check_refused(with(0, "%"));
    check_refused(with(0, "?"));
    check_refused(with(0, "#"));
    check_refused(with(35, "\\"));
    check_refused("%30a1b2c3d-4e5f-4a6b-8c7d-9e0f1a2b3c");
}

TEST_CASE("every byte that is no digit is refused at every place", "[file_id]") {
    for (std::size_t place = 0; place < good.size(); ++place) {
        for (int byte = 0; byte < 256; ++byte) {
            const char character = static_cast<char>(byte);
            const bool digit = std::string_view("0123456789abcdef").find(character) != std::string_view::npos;
            if (!digit && !(good[place] == '-' && character == '-')) {
                REQUIRE_FALSE(FileId::parse(with(place, std::string_view(&character, 1))).ok());
            }
        }
    }
}

TEST_CASE("NUL does not end an ID", "[file_id]") {
    check_refused(good + std::string(1, '\0'));
    check_refused(good + std::string("\0/../x", 6));
    check_refused(with(35, std::string_view("\0", 1)));
    check_refused(std::string(36, '\0'));
}

TEST_CASE("characters that look alike are refused", "[file_id]") {
    check_refused(with(1, "\xD0\xB0"));          // Cyrillic a
    check_refused(with(0, "\xEF\xBC\x90"));      // full-width 0
    check_refused(with(8, "\xE2\x80\x90"));      // hyphen that is not a minus
    check_refused(with(8, "\xE2\x80\x93"));      // en dash
    check_refused("\xD0\xB0" + good.substr(2));  // 36 bytes all the same
    check_refused(good.substr(0, 8) + "\xE2\x80\x90" + good.substr(11));
    check_refused("\xE2\x80\x8B" + good);  // blank of no width
    check_refused("\xEF\xBB\xBF" + good);  // byte order mark
}

TEST_CASE("the message of a refusal is one line and not longer than it must be", "[file_id]") {
    const auto id = FileId::parse("a\nb" + std::string(100'000, 'x'));
    REQUIRE_FALSE(id.ok());
    CHECK(id.error().message().find('\n') == std::string_view::npos);
    CHECK(id.error().message().find("'a\\x0ab") == 0);
    CHECK(id.error().message().size() < 400);
}

TEST_CASE("generated IDs are new and well-formed", "[file_id]") {
    std::unordered_set<FileId> seen;
    for (int i = 0; i < 10'000; ++i) {
        const auto id = FileId::generate();
        REQUIRE(id.ok());
        REQUIRE(FileId::parse(id->text()).ok());
        REQUIRE(seen.insert(*id).second);
    }
}

TEST_CASE("every digit of a generated ID varies, but for the version", "[file_id]") {
    std::bitset<16> seen[FileId::text_size];
    for (int i = 0; i < 2000; ++i) {
        const std::string text = FileId::generate().value().str();
        for (std::size_t place = 0; place < text.size(); ++place) {
            if (text[place] != '-') {
                seen[place].set(static_cast<std::size_t>(std::stoi(text.substr(place, 1), nullptr, 16)));
            }
        }
    }
    for (std::size_t place = 0; place < FileId::text_size; ++place) {
        const bool dash = place == 8 || place == 13 || place == 18 || place == 23;
        const std::size_t expected = dash ? 0 : place == 14 ? 1 : place == 19 ? 4 : 16;
        INFO("place " << place);
        CHECK(seen[place].count() == expected);
    }
}

TEST_CASE("IDs compare as their text", "[file_id]") {
    const FileId low = FileId::parse("00000000-0000-4000-8000-000000000001").value();
    const FileId high = FileId::parse("00000000-0000-4000-8000-00000000000a").value();
    CHECK(low < high);
    CHECK(low != high);
    CHECK(low == FileId::parse(low.text()).value());
    CHECK(std::set<FileId>{high, low, low}.size() == 2);
    CHECK(std::hash<FileId>{}(low) == std::hash<FileId>{}(FileId::parse(low.text()).value()));
}
