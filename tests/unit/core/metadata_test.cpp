#include "filestore/metadata.h"

#include <catch2/catch.hpp>
#include <iterator>
#include <random>
#include <string>

using filestore::check_user_metadata;
using filestore::ErrorCode;
using filestore::Metadata;

namespace {

std::string compact(std::string_view json) {
    const auto metadata = Metadata::parse(json);
    return metadata.ok() ? metadata->to_json() : "refused: " + std::string(metadata.error().message());
}

void check_refused(std::string_view json) {
    INFO(json.substr(0, 200));
    const auto metadata = Metadata::parse(json);
    REQUIRE_FALSE(metadata.ok());
    CHECK(metadata.error().code() == ErrorCode::invalid_argument);
}

/// `levels` arrays, each in the one before.
std::string nested_arrays(std::size_t levels) {
    return std::string(levels, '[') + std::string(levels, ']');
}

}  // namespace

TEST_CASE("JSON objects are read and written in compact form", "[metadata]") {
    struct Row {
        const char* json;
        const char* compact;
    };
    const Row rows[] = {
        {"{}", "{}"},
        {" \t\r\n{ } \n", "{}"},
        {R"({"a":1})", R"({"a":1})"},
        {R"({ "b" : [ 1 , 2 ] , "a" : { "y" : null , "x" : true } })",
         R"({"a":{"y":null,"x":true},"b":[1,2]})"},
        {R"({"a":[],"b":{},"c":"","":false})", R"({"":false,"a":[],"b":{},"c":""})"},
        {R"({"a":{"a":{"a":1},"b":[{"a":2}]},"c":3})", R"({"a":{"a":{"a":1},"b":[{"a":2}]},"c":3})"},
        {R"({"slash":"\/","letter":"\u0041","tab":"\t"})", R"({"letter":"A","slash":"/","tab":"\t"})"},
        {R"({"nul":"a\u0000b","quote":"\"\\"})", R"({"nul":"a\u0000b","quote":"\"\\"})"},
        {R"({"\u0061":1})", R"({"a":1})"},
        {"{\"e\":\"\\u00e9\",\"face\":\"\\ud83d\\ude00\"}",
         "{\"e\":\"\xC3\xA9\",\"face\":\"\xF0\x9F\x98\x80\"}"},
        {"{\"\xE6\x97\xA5\":\"\xE6\x9C\xAC\"}", "{\"\xE6\x97\xA5\":\"\xE6\x9C\xAC\"}"},
    };
    for (const Row& row : rows) {
        INFO(row.json);
        CHECK(compact(row.json) == row.compact);
    }
}

TEST_CASE("numbers keep their digits", "[metadata]") {
    for (const std::string number : {"0", "-0", "0.0", "1.0", "1.10", "1e2", "1E+2", "1e-2", "-1.5e-07",
                                     "123456789012345678901234567890", "-9223372036854775809",
                                     "18446744073709551616", "0.1000000000000000055511151231257827", "1e308",
                                     "5e-324", "1e-400", "3.141592653589793238462643383279502884197",
                                     "100000000000000000000000000000000000000000000000.5"}) {
        INFO(number);
        CHECK(compact("{\"n\":" + number + "}") == "{\"n\":" + number + "}");
        CHECK(compact("{\"n\":[" + number + ", " + number + " ]}") ==
              "{\"n\":[" + number + "," + number + "]}");
        Metadata metadata;
        REQUIRE(metadata.set_json("n", number).ok());
        CHECK(metadata.json("n") == number);
    }
}

TEST_CASE("a number past the range of a double is refused, not changed", "[metadata]") {
    check_refused(R"({"n":1e999})");
    check_refused("{\"n\":" + std::string(400, '9') + "}");
    CHECK(compact(R"({"n":1e-99999999999999})") == R"({"n":1e-99999999999999})");
    CHECK(compact("{\"n\":0." + std::string(400, '9') + "}") == "{\"n\":0." + std::string(400, '9') + "}");
}

TEST_CASE("of a key that occurs twice the last value counts", "[metadata]") {
    CHECK(compact(R"({"a":1,"b":2,"a":3})") == R"({"a":3,"b":2})");
    CHECK(compact(R"({"a":{"deep":[1]},"\u0061":null})") == R"({"a":null})");
}

TEST_CASE("what is no JSON object is refused", "[metadata]") {
    const std::string rows[] = {
        "",
        " ",
        "null",
        "1",
        "\"text\"",
        "[]",
        "[{\"a\":1}]",
        "{",
        "}",
        "{}}",
        "{}{}",
        "{} 1",
        "{},",
        R"({"a"})",
        R"({"a":})",
        R"({"a":1,})",
        R"({,"a":1})",
        R"({"a":1 "b":2})",
        R"({a:1})",
        R"({'a':1})",
        R"({1:1})",
        R"({"a":[1,]})",
        R"({"a":[1)",
        R"({"a":[1})",
        R"({"a":"text)",
        R"({"a":01})",
        R"({"a":+1})",
        R"({"a":.5})",
        R"({"a":1.})",
        R"({"a":1e})",
        R"({"a":-})",
        R"({"a":0x1})",
        R"({"a":NaN})",
        R"({"a":Infinity})",
        R"({"a":-Infinity})",
        R"({"a":nul})",
        R"({"a":True})",
        R"({"a":1/*c*/})",
        R"({"a":"\x41"})",
        R"({"a":"\u00g0"})",
        R"({"a":"\u12"})",
        "{\"a\":\"line\nbreak\"}",
        "{\"a\":\"tab\there\"}",
        "\xEF\xBB\xBF{}",
        "{\"a\":1}\x0B",
    };
    for (const std::string& json : rows) {
        check_refused(json);
    }
}

TEST_CASE("a NUL byte does not end the text", "[metadata]") {
    check_refused(std::string("{}\0", 3));
    check_refused(std::string("{}\0{\"lost\":1}", 13));
    check_refused(std::string("{\"a\":\"\0\"}", 9));
    check_refused(std::string("\0{}", 3));
    check_refused(std::string("{\0}", 3));
}

TEST_CASE("lone surrogates are refused", "[metadata]") {
    for (const char* json : {R"({"a":"\ud800"})", R"({"a":"\udc00"})", R"({"a":"\udfff"})",
                             R"({"a":"\ud800x"})", R"({"a":"\ud800\u0041"})", R"({"a":"\ude00\ud83d"})",
                             R"({"\udc80":1})", R"({"a":{"\udc80":1}})", R"({"a":["\udc80"]})"}) {
        check_refused(json);
    }
    Metadata metadata;
    CHECK_FALSE(metadata.set_json("a", R"("\udc00")").ok());
    CHECK(metadata.empty());
}

TEST_CASE("text that is not UTF-8 is refused", "[metadata]") {
    for (const char* bytes : {"\xFF", "\xC3", "\xC0\x80", "\xED\xA0\x80", "\xF4\x90\x80\x80", "\xE9t\xE9"}) {
        check_refused("{\"a\":\"" + std::string(bytes) + "\"}");
        check_refused("{\"" + std::string(bytes) + "\":1}");
        check_refused(bytes + std::string("{}"));
        check_refused("{}" + std::string(bytes));
    }
}

TEST_CASE("a refusal tells the byte", "[metadata]") {
    struct Row {
        std::string json;
        const char* place;
    };
    const Row rows[] = {
        {R"({"a":1,"b":x})", "at byte 11:"},
        {R"({"a":1)", "at byte 6:"},
        {"", "at byte 0:"},
        {"  []", "at byte 2:"},
        {std::string("{}\0", 3), "at byte 2:"},
        {"{\"a\":\"b\xFF\"}", "at byte 7:"},
        {R"({"a":"xy\ud800"})", "at byte 8:"},
    };
    for (const Row& row : rows) {
        INFO(row.json);
        const auto metadata = Metadata::parse(row.json);
        REQUIRE_FALSE(metadata.ok());
        CHECK_THAT(std::string(metadata.error().message()), Catch::Contains(row.place));
    }
}

TEST_CASE("64 levels are read, 65 are refused", "[metadata]") {
    const auto object_of = [](std::size_t inner_levels) {
        return "{\"a\":" + nested_arrays(inner_levels) + "}";
    };
    CHECK(compact(object_of(63)) == object_of(63));
    check_refused(object_of(64));
    Metadata metadata;
    REQUIRE(metadata.set_json("a", nested_arrays(63)).ok());
    CHECK(compact(metadata.to_json()) == metadata.to_json());
    CHECK_FALSE(metadata.set_json("a", nested_arrays(64)).ok());
    CHECK(metadata.json("a") == nested_arrays(63));
}

TEST_CASE("a depth bomb is refused", "[metadata]") {
    check_refused("{\"a\":" + std::string(1'000'000, '['));
    std::string objects;
    while (objects.size() < 1'000'000) {
        objects += "{\"a\":";
    }
    check_refused(objects);
    Metadata metadata;
    CHECK_FALSE(metadata.set_json("a", std::string(1'000'000, '[')).ok());
    CHECK_FALSE(metadata.set_json("a", objects).ok());
}

TEST_CASE("1 MiB is read, more is refused", "[metadata]") {
    const std::size_t limit = 1 << 20;
    const std::string frame = R"({"a":""})";
    const auto sized = [&frame](std::size_t size) {
        return "{\"a\":\"" + std::string(size - frame.size(), 'x') + "\"}";
    };
    CHECK(Metadata::parse(sized(limit)).ok());
    check_refused(sized(limit + 1));
    Metadata metadata;
    CHECK_FALSE(metadata.set("a", std::string(limit + 1, 'x')).ok());
    CHECK_FALSE(metadata.set(std::string(limit + 1, 'x'), "a").ok());
    CHECK_FALSE(metadata.set_json(std::string(limit + 1, 'x'), "1").ok());
    CHECK(metadata.empty());
}

TEST_CASE("strings are set and come back as text", "[metadata]") {
    const std::string texts[] = {"",
                                 "plain",
                                 "\"quoted\\\"",
                                 "line\nbreak\t\x01\x7F",
                                 std::string("a\0b", 3),
                                 "caf\xC3\xA9 \xF0\x9F\x98\x80",
                                 "{\"not\":\"json\"}",
                                 "null"};
    for (const std::string& text : texts) {
        INFO(text);
        Metadata metadata;
        REQUIRE(metadata.set("key", text).ok());
        REQUIRE(metadata.set(text, "value").ok());
        CHECK(metadata.text("key") == text);
        const auto read = Metadata::parse(metadata.to_json());
        REQUIRE(read.ok());
        CHECK(*read == metadata);
        CHECK(read->text("key") == text);
        CHECK(read->text(text) == "value");
    }
}

TEST_CASE("set() refuses what is not UTF-8 and changes nothing", "[metadata]") {
    Metadata metadata;
    REQUIRE(metadata.set("a", "before").ok());
    const auto bad_text = metadata.set("a", "caf\xE9");
    REQUIRE_FALSE(bad_text.ok());
    CHECK(bad_text.error().code() == ErrorCode::invalid_argument);
    CHECK_FALSE(metadata.set("\xFF", "x").ok());
    CHECK_FALSE(metadata.set_json("\xFF", "1").ok());
    CHECK(metadata.to_json() == R"({"a":"before"})");
}

TEST_CASE("set_json() takes one JSON value of any kind", "[metadata]") {
    Metadata metadata;
    for (const char* json : {"null", "true", "false", "-12.50", "\"t\"", "[]", "{}", R"([1,{"a":[]}])"}) {
        INFO(json);
        REQUIRE(metadata.set_json("v", " " + std::string(json) + "\n").ok());
        CHECK(metadata.json("v") == json);
    }
    for (const char* json :
         {"", " ", "1 2", "1,2", "{}{}", "[1", "text", "'t'", "\"a", "1]", "{\"a\":1},\"b\":2", "nan"}) {
        INFO(json);
        const auto set = metadata.set_json("v", json);
        REQUIRE_FALSE(set.ok());
        CHECK(set.error().code() == ErrorCode::invalid_argument);
    }
    CHECK(metadata.json("v") == R"([1,{"a":[]}])");
}

TEST_CASE("text() answers strings only", "[metadata]") {
    const Metadata metadata =
        Metadata::parse(R"({"s":"\u00e9\n","n":1,"z":null,"a":["s"],"o":{"s":"s"}})").value();
    CHECK(metadata.text("s") == "\xC3\xA9\n");
    for (const char* key : {"n", "z", "a", "o", "absent", ""}) {
        CHECK(metadata.text(key) == std::nullopt);
    }
    CHECK(metadata.json("absent") == std::nullopt);
    CHECK(metadata.json("z") == "null");
}

TEST_CASE("members are erased, counted and compared", "[metadata]") {
    Metadata metadata;
    CHECK(metadata.empty());
    CHECK(metadata.to_json() == "{}");
    REQUIRE(metadata.set("b", "2").ok());
    REQUIRE(metadata.set("a", "1").ok());
    CHECK(metadata.members().size() == 2);
    CHECK(metadata.to_json() == R"({"a":"1","b":"2"})");
    CHECK(metadata == Metadata::parse(R"({ "b":"2", "a":"1" })").value());
    CHECK(metadata.erase("b"));
    CHECK_FALSE(metadata.erase("b"));
    CHECK_FALSE(metadata == Metadata::parse(R"({"a":"1","b":"2"})").value());
    CHECK(metadata.to_json() == R"({"a":"1"})");
}

TEST_CASE("the library's own keys are refused from users", "[metadata]") {
    for (const char* key : {"file_id", "original_path", "size", "filestore"}) {
        Metadata metadata;
        REQUIRE(metadata.set(key, "x").ok());
        const auto checked = check_user_metadata(metadata);
        REQUIRE_FALSE(checked.ok());
        CHECK(checked.error().code() == ErrorCode::invalid_argument);
        CHECK_THAT(std::string(checked.error().message()), Catch::Contains(key));
    }
    CHECK(check_user_metadata({}).ok());
    CHECK(check_user_metadata(
              Metadata::parse(R"({"Size":1,"FILE_ID":2,"filestore2":3,"a":{"size":1}})").value())
              .ok());
}

TEST_CASE("metadata that could not be read back with a backend's own members is refused", "[metadata]") {
    Metadata metadata;
    for (const char* key : {"a", "b", "c"}) {
        REQUIRE(metadata.set(key, std::string(400'000, 'x')).ok());
    }
    const auto checked = check_user_metadata(metadata);
    REQUIRE_FALSE(checked.ok());
    CHECK(checked.error().code() == ErrorCode::invalid_argument);
    REQUIRE(metadata.erase("c"));
    CHECK(check_user_metadata(metadata).ok());
}

namespace {

/// Makes JSON values in compact form from a seed.
class RandomJson {
public:
    explicit RandomJson(unsigned seed) : random_(seed) {}

    std::string value(int levels) {
        switch (below(levels > 0 ? 7 : 5)) {
            case 0:
                return "null";
            case 1:
                return below(2) == 0 ? "true" : "false";
            case 2:
                return number();
            case 3:
            case 4:
                return '"' + text() + '"';
            case 5:
                return array(levels - 1);
            default:
                return object(levels - 1);
        }
    }

    /// Keys are numbered, so that they are distinct and in byte order.
    std::string object(int levels) {
        std::string json = "{";
        const int members = below(5);
        for (int i = 0; i < members; ++i) {
            json += (i == 0 ? "\"" : ",\"") + std::to_string(i) + text() + "\":" + value(levels);
        }
        return json + "}";
    }

private:
    int below(int bound) { return std::uniform_int_distribution<int>(0, bound - 1)(random_); }

    std::string array(int levels) {
        std::string json = "[";
        const int elements = below(5);
        for (int i = 0; i < elements; ++i) {
            json += (i == 0 ? "" : ",") + value(levels);
        }
        return json + "]";
    }

    std::string number() {
        std::string json = below(2) == 0 ? "-" : "";
        json += static_cast<char>('1' + below(9));
        for (int digits = below(40); digits > 0; --digits) {
            json += static_cast<char>('0' + below(10));
        }
        if (below(2) == 0) {
            json += "." + std::to_string(below(1'000'000)) + "0";
        }
        if (below(3) == 0) {
            json += (below(2) == 0 ? "e-" : "E+") + std::to_string(below(200));
        }
        return json;
    }

    /// Inside of a string, as the library escapes it.
    std::string text() {
        static constexpr const char* pieces[] = {"a",
                                                 "Z",
                                                 "7",
                                                 " ",
                                                 "/",
                                                 "\\\"",
                                                 "\\\\",
                                                 "\\n",
                                                 "\\u0000",
                                                 "\\u001F",
                                                 "\x7F",
                                                 "\xC3\xA9",
                                                 "\xE2\x82\xAC",
                                                 "\xEF\xBF\xBF",
                                                 "\xF0\x9F\x98\x80",
                                                 "{",
                                                 "]",
                                                 ":"};
        std::string json;
        for (int length = below(8); length > 0; --length) {
            json += pieces[below(static_cast<int>(std::size(pieces)))];
        }
        return json;
    }

    std::mt19937 random_;
};

}  // namespace

TEST_CASE("random objects in compact form come back byte for byte", "[metadata]") {
    for (unsigned seed = 0; seed < 500; ++seed) {
        const std::string json = RandomJson(seed).object(6);
        INFO("seed " << seed << ": " << json);
        REQUIRE(compact(json) == json);
        const Metadata metadata = Metadata::parse(json).value();
        Metadata rebuilt;
        for (const auto& [key, value] : metadata.members()) {
            REQUIRE(rebuilt.set_json(key, value).ok());
        }
        REQUIRE(rebuilt == metadata);
    }
}

TEST_CASE("an object that was cut short is refused, and a damaged one refused or read whole", "[metadata]") {
    const std::string whole = R"({"a":"\ud83d\ude00","b":[1.5e3,null,{"c":false}]})";
    for (std::size_t size = 0; size < whole.size(); ++size) {
        REQUIRE_FALSE(Metadata::parse(std::string_view(whole).substr(0, size)).ok());
    }
    std::mt19937 random(7);
    for (int i = 0; i < 5000; ++i) {
        std::string damaged = whole;
        damaged[random() % damaged.size()] = static_cast<char>(random() % 256);
        if (const auto metadata = Metadata::parse(damaged); metadata.ok()) {
            const auto again = Metadata::parse(metadata->to_json());
            REQUIRE(again.ok());
            REQUIRE(*again == *metadata);
        }
    }
}
