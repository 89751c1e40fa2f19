#include "s3/protocol/delete_xml.h"

#include <catch2/catch.hpp>

#include "support/code_of.h"

using filestore::ErrorCode;
using namespace filestore::s3;

namespace {

using Objects = std::vector<ObjectName>;

std::string result_xml(const std::string& fields) {
    return "<?xml version=\"1.0\" encoding=\"UTF-8\"?><DeleteResult>" + fields + "</DeleteResult>";
}

}  // namespace

TEST_CASE("the body of a batch delete", "[s3][delete_xml]") {
    const Objects objects{{"plain", ""}, {"a&b<c>\"d'\t\n\r]]>", "v1&"}, {"\xF0\x9F\x93\xA6 ", ""}};
    CHECK(delete_body(objects).value() ==
          "<Delete xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">"
          "<Object><Key>plain</Key></Object>"
          "<Object><Key>a&amp;b&lt;c&gt;&quot;d&apos;&#9;&#10;&#13;]]&gt;</Key><VersionId>v1&amp;</"
          "VersionId></Object>"
          "<Object><Key>\xF0\x9F\x93\xA6 </Key></Object>"
          "<Quiet>false</Quiet></Delete>");
}

TEST_CASE("a batch delete can be bound to ETags", "[s3][delete_xml]") {
    struct Row {
        std::string etag;
        std::string element;
    };
    const Row rows[] = {
        {"", ""},
        {"abc-2", "<ETag>&quot;abc-2&quot;</ETag>"},
        {"\"abc\"", "<ETag>&quot;abc&quot;</ETag>"},
        {"a<&", "<ETag>&quot;a&lt;&amp;&quot;</ETag>"},
        {"*", "<ETag>*</ETag>"},
    };
    for (const Row& row : rows) {
        INFO(row.etag);
        CHECK(delete_body(Objects{{"k", "", row.etag}, {"l", ""}}).value() ==
              "<Delete xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Object><Key>k</Key>" + row.element +
                  "</Object><Object><Key>l</Key></Object><Quiet>false</Quiet></Delete>");
    }
    CHECK_FALSE(fits_batch_delete({"k", "", "\x01"}));
    const auto results = parse_delete_result(
        result_xml("<Deleted><Key>same</Key></Deleted>"
                   "<Error><Key>other</Key><Code>PreconditionFailed</Code><Message>m</Message></Error>"
                   "<Error><Key>gone</Key><Code>NoSuchKey</Code></Error>"
                   "<Error><Key>busy</Key><Code>ConditionalRequestConflict</Code></Error>"),
        Objects{{"same", "", "1"}, {"other", "", "2"}, {"gone", "", "3"}, {"busy", "", "4"}});
    REQUIRE(results.ok());
    CHECK(results->at(0).ok());
    CHECK(code_of(results->at(1)) == ErrorCode::precondition_failed);
    CHECK_FALSE(results->at(1).error().retryable());
    CHECK(code_of(results->at(2)) == ErrorCode::not_found);
    CHECK(code_of(results->at(3)) == ErrorCode::conflict);
    CHECK(results->at(3).error().retryable());
}

TEST_CASE("what no batch can name is refused before it is sent", "[s3][delete_xml]") {
    for (const std::string& key :
         {std::string("a\x01"), std::string("a\0b", 3), std::string("\x1F"), std::string("\xFF"),
          std::string("\xEF\xBF\xBE"), std::string("\xED\xA0\x80")}) {
        CHECK_FALSE(fits_batch_delete({key, ""}));
        CHECK(code_of(delete_body(Objects{{"good", ""}, {key, ""}})) == ErrorCode::invalid_argument);
        CHECK_FALSE(fits_batch_delete({"key", key}));
    }
    for (const std::string& key :
         {std::string("\t\n\r"), std::string("\x7F\xC2\x85"), std::string("\xEF\xBF\xBD")}) {
        CHECK(fits_batch_delete({key, ""}));
    }
    CHECK(code_of(delete_body(Objects{})) == ErrorCode::invalid_argument);
    CHECK(code_of(delete_body(Objects{{"", ""}})) == ErrorCode::invalid_argument);
    CHECK(delete_body(Objects(1000, {"k", ""})).ok());
    CHECK(code_of(delete_body(Objects(1001, {"k", ""}))) == ErrorCode::invalid_argument);
}

TEST_CASE("every key of a batch delete has its result", "[s3][delete_xml]") {
    const Objects objects{{"gone", ""},      {"denied", ""}, {"marked", "v7"},
                          {"forgotten", ""}, {"busy", ""},   {"a\r\n&", ""}};
    const auto results = parse_delete_result(
        result_xml(
            "<Error><Key>denied</Key><Code>AccessDenied</Code><Message>no &lt;way&gt;</Message></Error>"
            "<Deleted><Key>a&#13;&#10;&amp;</Key></Deleted>"
            "<Deleted><Key>marked</Key><VersionId>v7</VersionId><DeleteMarker>true</DeleteMarker>"
            "<DeleteMarkerVersionId>m1</DeleteMarkerVersionId></Deleted>"
            "<Error><Key>busy</Key><Code>SlowDown</Code></Error>"
            "<Deleted><Key>gone</Key></Deleted><Deleted><Key>unasked</Key></Deleted>"),
        objects);
    REQUIRE(results.ok());
    REQUIRE(results->size() == objects.size());
    CHECK(results->at(0).ok());
    CHECK_FALSE(results->at(0)->is_delete_marker);

    REQUIRE_FALSE(results->at(1).ok());
    CHECK(code_of(results->at(1)) == ErrorCode::permission_denied);
    CHECK(results->at(1).error().details().server_code == "AccessDenied");
    CHECK(results->at(1).error().message().find("denied") != std::string_view::npos);
    CHECK(results->at(1).error().message().find("no <way>") != std::string_view::npos);
    CHECK_FALSE(results->at(1).error().retryable());

    REQUIRE(results->at(2).ok());
    CHECK(results->at(2)->is_delete_marker);
    CHECK(results->at(2)->delete_marker_version_id == "m1");

    REQUIRE_FALSE(results->at(3).ok());
    CHECK(code_of(results->at(3)) == ErrorCode::outcome_unknown);
    CHECK(results->at(3).error().retryable());

    CHECK(code_of(results->at(4)) == ErrorCode::rate_limited);
    CHECK(results->at(4).error().retryable());
    CHECK(results->at(5).ok());
}

TEST_CASE("a key's failure outweighs its success, and a version is another object", "[s3][delete_xml]") {
    const Objects objects{{"k", ""}, {"v", "2"}, {"n", "null"}};
    const auto results = parse_delete_result(
        result_xml("<Deleted><Key>k</Key></Deleted><Error><Key>k</Key><Code>InternalError</Code></Error>"
                   "<Deleted><Key>k</Key></Deleted><Deleted><Key>v</Key><VersionId>1</VersionId></Deleted>"
                   "<Deleted><Key>n</Key></Deleted>"),
        objects);
    REQUIRE(results.ok());
    CHECK(code_of(results->at(0)) == ErrorCode::unavailable);
    CHECK(code_of(results->at(1)) == ErrorCode::outcome_unknown);
    CHECK(results->at(2).ok());
}

TEST_CASE("a server may name the version that it deleted", "[s3][delete_xml]") {
    const std::string deleted = result_xml(
        "<Deleted><Key>k</Key><VersionId>7</VersionId></Deleted>"
        "<Error><Key>l</Key><VersionId>8</VersionId><Code>AccessDenied</Code></Error>");
    const auto results = parse_delete_result(deleted, Objects{{"k", ""}, {"l", ""}, {"m", ""}, {"k", "9"}});
    REQUIRE(results.ok());
    CHECK(results->at(0).ok());
    CHECK(code_of(results->at(1)) == ErrorCode::permission_denied);
    CHECK(code_of(results->at(2)) == ErrorCode::outcome_unknown);
    CHECK(code_of(results->at(3)) == ErrorCode::outcome_unknown);

    const auto of_version = parse_delete_result(deleted, Objects{{"k", "7"}, {"k", ""}});
    REQUIRE(of_version.ok());
    CHECK(of_version->at(0).ok());
    CHECK(code_of(of_version->at(1)) == ErrorCode::outcome_unknown);
}

TEST_CASE("an answer to a batch delete that is none", "[s3][delete_xml]") {
    const Objects objects{{"k", ""}};
    const auto failed = parse_delete_result("<Error><Code>MalformedXML</Code></Error>", objects);
    REQUIRE_FALSE(failed.ok());
    CHECK(failed.error().details().server_code == "MalformedXML");
    for (const std::string& xml : {std::string(), std::string("<DeleteResult>"), result_xml("<Deleted/>"),
                                   result_xml("<Error><Code>x</Code></Error>")}) {
        INFO(xml);
        CHECK(code_of(parse_delete_result(xml, objects)) == ErrorCode::corrupt);
    }
    const auto garbled = parse_delete_result(
        result_xml("<Deleted><Key>k</Key><DeleteMarker>perhaps</DeleteMarker></Deleted>"), objects);
    REQUIRE(garbled.ok());
    CHECK(code_of(garbled->at(0)) == ErrorCode::corrupt);
}
