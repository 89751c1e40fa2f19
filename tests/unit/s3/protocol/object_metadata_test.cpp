#include "s3/protocol/object_metadata.h"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "core/encoding.h"

using filestore::ErrorCode;
using filestore::from_base64;
using filestore::Metadata;
using filestore::to_base64;
using filestore::s3::from_headers;
using filestore::s3::NameValue;
using filestore::s3::ObjectMetadata;
using filestore::s3::to_headers;

namespace {

ObjectMetadata object_of(const std::string& original_path, const std::string& json) {
    auto metadata = Metadata::parse(json);
    REQUIRE(metadata.ok());
    return {original_path, *std::move(metadata), {}};
}

std::vector<NameValue> headers_of(const ObjectMetadata& object) {
    auto headers = to_headers(object);
    REQUIRE(headers.ok());
    return *std::move(headers);
}

std::vector<NameValue> enveloped(const std::string& json) {
    return {{"x-amz-meta-filestore", to_base64(json)}};
}

/// The names of the headers and, decoded, the envelope.
std::string envelope_of(const std::vector<NameValue>& headers) {
    for (const NameValue& header : headers) {
        if (header.name == "x-amz-meta-filestore") {
            const auto json = from_base64(header.value);
            REQUIRE(json.ok());
            return *json;
        }
    }
    return "";
}

void check_round_trip(const ObjectMetadata& object) {
    const auto headers = headers_of(object);
    for (const NameValue& header : headers) {
        CHECK(header.value.find_first_of("\r\n") == std::string::npos);
    }
    const auto read = from_headers(headers);
    REQUIRE(read.ok());
    CHECK(read->original_path == object.original_path);
    CHECK(read->metadata.to_json() == object.metadata.to_json());
    CHECK(read->size == object.size);
}

std::string nested_arrays(std::size_t levels) {
    return std::string(levels, '[') + std::string(levels, ']');
}

}  // namespace

TEST_CASE("plain strings travel as headers of their own", "[s3][object_metadata]") {
    const auto headers = headers_of(object_of("", R"({"author": "Ada  Lovelace", "a.b-c-9": "~!\"\\"})"));
    CHECK(headers ==
          std::vector<NameValue>{{"x-amz-meta-a.b-c-9", "~!\"\\"}, {"x-amz-meta-author", "Ada  Lovelace"}});
}

TEST_CASE("nothing to say needs no header", "[s3][object_metadata]") {
    CHECK(headers_of({}).empty());
    const auto read = from_headers({});
    REQUIRE(read.ok());
    CHECK(read->original_path.empty());
    CHECK(read->metadata.empty());
}

TEST_CASE("what a header cannot hold exactly travels in the envelope", "[s3][object_metadata]") {
    const std::vector<std::string> members = {
        R"("Author":"x")",
        R"("a b":"x")",
        R"("":"x")",
        R"("größe":"x")",
        R"("a:b":"x")",
        R"("k":"")",
        R"("k":" x")",
        R"("k":"x ")",
        R"("k":" ")",
        R"("k":"a\nb")",
        R"("k":"a\tb")",
        R"("k":"書")",
        R"("k":"\u007f")",
        R"("k":1)",
        R"("k":1.50)",
        R"("k":-0)",
        R"("k":true)",
        R"("k":null)",
        R"("k":[1,"a"])",
        R"("k":{"a":{}})",
        R"("filestore":"x")",
        R"("a_b":"x")",
        R"("k":"=?UTF-8?Q?x?=")",
        R"("k":"a =?")",
    };
    for (const std::string& member : members) {
        INFO(member);
        const auto headers = headers_of(object_of("", "{" + member + "}"));
        REQUIRE(headers.size() == 1);
        CHECK(envelope_of(headers) ==
              R"({"metadata":)" + object_of("", "{" + member + "}").metadata.to_json() + "}");
    }
}

TEST_CASE("the original path travels in the envelope", "[s3][object_metadata]") {
    CHECK(envelope_of(headers_of(object_of("report.pdf", R"({"k": "v"})"))) ==
          R"({"original_path":"report.pdf"})");
    CHECK(envelope_of(headers_of(object_of("書/\"a\".pdf", R"({"n": 1})"))) ==
          R"({"original_path":"書/\"a\".pdf","metadata":{"n":1}})");
}

TEST_CASE("the size travels in the envelope", "[s3][object_metadata]") {
    ObjectMetadata object = object_of("p", R"({"n": 1})");
    object.size = 0;
    CHECK(envelope_of(headers_of(object)) == R"({"original_path":"p","size":0,"metadata":{"n":1}})");
    check_round_trip(object);
    object.size = UINT64_MAX;
    check_round_trip(object);
}

TEST_CASE("an original path that is not UTF-8 is refused", "[s3][object_metadata]") {
    const auto headers = to_headers({"a\xFF", {}, {}});
    REQUIRE_FALSE(headers.ok());
    CHECK(headers.error().code() == ErrorCode::invalid_argument);
}

TEST_CASE("metadata comes back exactly", "[s3][object_metadata]") {
    check_round_trip({});
    check_round_trip(object_of("/srv/a b/書類.pdf", "{}"));
    check_round_trip(
        object_of("line\nbreak\x01", R"({"a": "line\nbreak\r\n", "b": "\u0000", "c": "📦\u00e9"})"));
    check_round_trip(
        object_of("", R"({"plain": "x", "Upper": "x", "lead": " x", "trail": "x\t", "empty": "", "": 1})"));
    check_round_trip(
        object_of("", R"({"n": [0, -0, 1.50, 1.0e308, 123456789012345678901234567890, 1E+2, null, true]})"));
    check_round_trip(object_of(
        "", R"({"o": {"b": {"c": [{}, [], ""]}, "a": "x", "original_path": "y"}, "metadata": {}})"));
    check_round_trip(object_of("p", R"({"filestore": "x", "x-amz-meta-a": "b", "k": "=?UTF-8?B?w6k=?="})"));
}

TEST_CASE("metadata as deep as it may be comes back", "[s3][object_metadata]") {
    const std::string deepest = R"({"k": )" + nested_arrays(63) + "}";
    REQUIRE(Metadata::parse(deepest).ok());
    REQUIRE_FALSE(Metadata::parse(R"({"k": )" + nested_arrays(64) + "}").ok());
    check_round_trip(object_of("p", deepest));
}

TEST_CASE("headers may come to 2 KiB and not one byte more", "[s3][object_metadata]") {
    ObjectMetadata object;
    REQUIRE(object.metadata.set("key", std::string(2048 - 3, 'x')).ok());
    check_round_trip(object);

    REQUIRE(object.metadata.set("key", std::string(2048 - 2, 'x')).ok());
    const auto too_long = to_headers(object);
    REQUIRE_FALSE(too_long.ok());
    CHECK(too_long.error().code() == ErrorCode::invalid_argument);
    CHECK(too_long.error().message().find("2049") != std::string_view::npos);
}

TEST_CASE("the limit counts names, values and the envelope", "[s3][object_metadata]") {
    // {"original_path":"..."} of 1527 bytes is 2036 of base64; "filestore" makes 2045.
    ObjectMetadata object;
    object.original_path = std::string(1527 - 20, 'p');
    const auto headers = headers_of(object);
    REQUIRE(headers.size() == 1);
    REQUIRE(headers[0].value.size() == 2036);
    REQUIRE(object.metadata.set("a", "bc").ok());
    CHECK(to_headers(object).ok());
    REQUIRE(object.metadata.set("a", "bcd").ok());
    CHECK_FALSE(to_headers(object).ok());
}

TEST_CASE("header names are read in any case, and other headers passed over", "[s3][object_metadata]") {
    const auto read =
        from_headers({{"Content-Type", "text/plain"},
                      {"X-Amz-Meta-Author", "Ada"},
                      {"X-AMZ-META-FILESTORE", to_base64(R"({"original_path":"p","metadata":{"n":1}})")},
                      {"x-amz-request-id", "R"}});
    REQUIRE(read.ok());
    CHECK(read->original_path == "p");
    CHECK(read->metadata.to_json() == R"({"author":"Ada","n":1})");
}

TEST_CASE("headers that another program wrote are text in any case", "[s3][object_metadata]") {
    const auto read = from_headers({{"x-amz-meta-utf", "é"},
                                    {"x-amz-meta-encoded", "=?UTF-8?B?w6k=?="},
                                    {"x-amz-meta-latin", "\xE9"},
                                    {"x-amz-meta-empty", ""}});
    REQUIRE(read.ok());
    CHECK(read->metadata.text("encoded") == "é");
    CHECK(read->metadata.text("utf") == "é");
    CHECK(read->metadata.text("latin") == "é");
    CHECK(read->metadata.text("empty") == "");
}

TEST_CASE("what the envelope says of a key counts before a header", "[s3][object_metadata]") {
    const NameValue envelope = enveloped(R"({"metadata":{"k":1}})")[0];
    for (const auto& headers : {std::vector<NameValue>{{"x-amz-meta-k", "header"}, envelope},
                                std::vector<NameValue>{envelope, {"x-amz-meta-k", "header"}}}) {
        const auto read = from_headers(headers);
        REQUIRE(read.ok());
        CHECK(read->metadata.to_json() == R"({"k":1})");
    }
}

TEST_CASE("an envelope of a newer version is read as far as it is known", "[s3][object_metadata]") {
    const auto read = from_headers(enveloped(
        R"({"new": {"original_path": "no", "metadata": [1]}, "original_path": "p", "list": [{"metadata": 2}], "metadata": {"k": 1}})"));
    REQUIRE(read.ok());
    CHECK(read->original_path == "p");
    CHECK(read->metadata.to_json() == R"({"k":1})");
}

TEST_CASE("of a member that the envelope has twice the last counts", "[s3][object_metadata]") {
    const auto read =
        from_headers(enveloped(R"({"metadata":{"a":1},"original_path":"p","metadata":{"b":2}})"));
    REQUIRE(read.ok());
    CHECK(read->metadata.to_json() == R"({"b":2})");
}

TEST_CASE("a damaged envelope is corrupt", "[s3][object_metadata]") {
    const std::string good = R"({"original_path":"p","metadata":{"k":[1,{"a":"b"}]}})";
    REQUIRE(from_headers(enveloped(good)).ok());
    std::vector<std::string> damaged = {
        R"({"original_path":1})",
        R"({"original_path":null})",
        R"({"original_path":["p"]})",
        R"({"original_path":{}})",
        R"({"size":-1})",
        R"({"size":1.0})",
        R"({"size":18446744073709551616})",
        R"({"size":"1"})",
        R"({"size":null})",
        R"({"size":[1]})",
        R"({"metadata":[]})",
        R"({"metadata":"{}"})",
        R"({"metadata":null})",
        R"({"original_path":"\udc00"})",
        "{\"original_path\":\"\xFF\"}",
        good + "x",
        good + std::string(1, '\0'),
        R"({"metadata":{"k":)" + nested_arrays(64) + "}}",
        R"({"metadata":)" + nested_arrays(100'000) + "}",
        std::string(100'000, '{'),
    };
    for (std::size_t size = 1; size < good.size(); ++size) {
        damaged.push_back(good.substr(0, size));
    }
    for (const std::string& json : damaged) {
        INFO(json.substr(0, 100));
        const auto read = from_headers(enveloped(json));
        REQUIRE_FALSE(read.ok());
        CHECK(read.error().code() == ErrorCode::corrupt);
    }
}

TEST_CASE("a value under our key that is no envelope is another program's", "[s3][object_metadata]") {
    for (const std::string& value :
         {std::string(), std::string("*"), std::string("e30"), std::string("{}"), std::string("mine"),
          to_base64("null"), to_base64("[]"), to_base64("mine")}) {
        INFO(value);
        const auto read = from_headers({{"x-amz-meta-filestore", value}, {"x-amz-meta-k", "v"}});
        REQUIRE(read.ok());
        CHECK(read->metadata.text("filestore") == value);
        CHECK(read->metadata.text("k") == "v");
        CHECK_FALSE(read->size.has_value());
    }
}
