#include "core/json_append.h"

#include <catch2/catch.hpp>

using filestore::append_json_member;
using filestore::append_json_string;
using filestore::append_json_text;

TEST_CASE("members follow one another in an object", "[json_append]") {
    std::string json;
    append_json_text(json, "a", "x");
    append_json_member(json, "b", "[1,2]");
    append_json_text(json, "c\"", "");
    CHECK(json + "}" == R"({"a":"x","b":[1,2],"c\"":""})");
}

TEST_CASE("what a string must not hold is escaped", "[json_append]") {
    struct Row {
        std::string text;
        std::string json;
    };
    for (const Row& row :
         {Row{"plain \xC3\xBC / text", "\"plain \xC3\xBC / text\""}, Row{"\"\\", R"("\"\\")"},
          Row{"\n\x01", R"("\n\u0001")"}, Row{std::string(1, '\0'), R"("\u0000")"}}) {
        std::string json;
        append_json_string(json, row.text);
        CHECK(json == row.json);
    }
}
