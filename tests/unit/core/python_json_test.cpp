#include "core/python_json.h"

#include <catch2/catch.hpp>
#include <string>

#include "core/stored_metadata.h"

using filestore::from_python_json;
using filestore::Metadata;
using filestore::StoredMetadata;

TEST_CASE("what only Python understands becomes JSON", "[python_json]") {
    const std::string huge(400, '9');
    struct Row {
        std::string python;
        std::string json;
    };
    const Row rows[] = {
        {R"({"a": NaN})", R"({"a": "NaN"})"},
        {R"([Infinity,-Infinity])", R"(["Infinity","-Infinity"])"},
        {R"("\udcfc")", R"("\ufffd")"},
        {R"("\ud83d")", R"("\ufffd")"},
        {R"("\ud83dx\ude00")", R"("\ufffdx\ufffd")"},
        {R"("\ud83d\ud83d\ude00")", R"("\ufffd\ud83d\ude00")"},
        {R"("\ude00\ud83d")", R"("\ufffd\ufffd")"},
        {R"("\uDFFF\uD800\u0041")", R"("\ufffd\ufffd\u0041")"},
        {huge, '"' + huge + '"'},
        {'-' + huge, "\"-" + huge + '"'},
        {"1e999", "\"1e999\""},
        {"-2.5E+400", "\"-2.5E+400\""},
    };
    for (const Row& row : rows) {
        INFO(row.python);
        CHECK(from_python_json(row.python) == row.json);
    }
}

TEST_CASE("what is JSON, and what is neither, stays as it is", "[python_json]") {
    for (const std::string& text :
         {std::string(), std::string(R"({"a": [1, -2.50, 1e308, true, null, "x"]})"),
          std::string(R"("\ud83d\ude00 \\ud800 \" NaN, Infinity \u0000")"),
          std::string(R"({"NaN": "-Infinity"})"), std::string("1e-999"), "0." + std::string(400, '0') + "1",
          "0." + std::string(400, '9'), std::string(300, '9'), std::string("nan"), std::string("--Infinity"),
          std::string("+NaN"), std::string("\"\\"), std::string("\"\\ud8"), std::string("\"\\ud83d\\u"),
          std::string("\"open"), std::string("\xFF\0x", 3), std::string("\"\\u+123\"")}) {
        INFO(text);
        if (text == "\"\\ud83d\\u") {
            CHECK(from_python_json(text) == "\"\\ufffd\\u");
        } else {
            CHECK(from_python_json(text) == text);
        }
    }
}

TEST_CASE("stored metadata may be larger and deeper than what is taken today", "[python_json]") {
    const std::string large = "{\"a\":\"" + std::string(3'000'000, 'x') + "\"}";
    CHECK(StoredMetadata::read(large)->to_json() == large);
    const auto nested = [](std::size_t levels) {
        return "{\"a\":" + std::string(levels, '[') + std::string(levels, ']') + "}";
    };
    CHECK(StoredMetadata::read(nested(4095))->to_json() == nested(4095));
    CHECK_FALSE(StoredMetadata::read(nested(4096)).ok());
    CHECK_FALSE(StoredMetadata::read(std::string(1'000'000, '[')).ok());
}

TEST_CASE("stored metadata that is incomplete or no object is refused", "[python_json]") {
    const std::string whole = R"({"a":"\udcfc","b":[NaN,{"c":1e999}]})";
    CHECK(StoredMetadata::read(whole)->to_json() ==
          "{\"a\":\"\xEF\xBF\xBD\",\"b\":[\"NaN\",{\"c\":\"1e999\"}]}");
    for (std::size_t size = 0; size < whole.size(); ++size) {
        CHECK_FALSE(StoredMetadata::read(whole.substr(0, size)).ok());
    }
    for (const char* text : {"NaN", "[]", "{\"a\":nan}", "{\"a\":\"\xFF\"}", "{}x", "null"}) {
        INFO(text);
        CHECK_FALSE(StoredMetadata::read(text).ok());
    }
}
