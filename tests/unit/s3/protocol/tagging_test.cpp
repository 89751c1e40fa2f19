#include "s3/protocol/tagging.h"

#include <catch2/catch.hpp>

#include "support/code_of.h"

using filestore::ErrorCode;
using namespace filestore::s3;

namespace {

using Tags = std::vector<NameValue>;

std::string repeated(std::string_view text, std::size_t count) {
    std::string all;
    for (std::size_t i = 0; i < count; ++i) {
        all += text;
    }
    return all;
}

Tags numbered_tags(std::size_t count) {
    Tags tags;
    for (std::size_t i = 0; i < count; ++i) {
        tags.push_back({"t" + std::to_string(i), ""});
    }
    return tags;
}

}  // namespace

TEST_CASE("tags in a header and in a body", "[s3][tagging]") {
    const Tags tags{{"b c", "x&y=z+%"}, {"a", ""}, {"\xC3\xBC", "<1>"}};
    CHECK(tagging_header(tags).value() == "%C3%BC=%3C1%3E&a=&b%20c=x%26y%3Dz%2B%25");
    CHECK(tagging_body(tags).value() ==
          "<Tagging xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><TagSet>"
          "<Tag><Key>b c</Key><Value>x&amp;y=z+%</Value></Tag><Tag><Key>a</Key><Value></Value></Tag>"
          "<Tag><Key>\xC3\xBC</Key><Value>&lt;1&gt;</Value></Tag></TagSet></Tagging>");
    CHECK(parse_tagging(tagging_body(tags).value()).value() == tags);
    CHECK(tagging_header(Tags{}).value().empty());
    CHECK(parse_tagging(tagging_body(Tags{}).value()).value().empty());
}

TEST_CASE("limits of tags count characters", "[s3][tagging]") {
    CHECK(check_tags(numbered_tags(10)).ok());
    CHECK(check_tags(Tags{{repeated("\xC3\xBC", 128), repeated("\xF0\x9F\x93\xA6", 256)}}).ok());
    const Tags bad[] = {
        numbered_tags(11),
        {{repeated("a", 129), ""}},
        {{"a", repeated("\xC3\xBC", 257)}},
        {{"", "v"}},
        {{"a", "1"}, {"a", "2"}},
        {{"a\n", "1"}},
        {{"a", "\xFF"}},
        {{"a", "\x01"}},
    };
    for (const Tags& tags : bad) {
        CHECK(code_of(check_tags(tags)) == ErrorCode::invalid_argument);
        CHECK(code_of(tagging_header(tags)) == ErrorCode::invalid_argument);
        CHECK(code_of(tagging_body(tags)) == ErrorCode::invalid_argument);
    }
}

TEST_CASE("an answer with tags that is none", "[s3][tagging]") {
    for (const char* const xml : {"", "<Tagging/>", "<Tagging><TagSet>", "<TagSet/>",
                                  "<Tagging><TagSet><Tag><Value>v</Value></Tag></TagSet></Tagging>"}) {
        INFO(xml);
        CHECK(code_of(parse_tagging(xml)) == ErrorCode::corrupt);
    }
    CHECK(code_of(parse_tagging("<Error><Code>NoSuchKey</Code></Error>")) == ErrorCode::not_found);
}
