#include "s3/protocol/resume_token.h"

#include <catch2/catch.hpp>

#include "core/text.h"
#include "support/code_of.h"

using namespace filestore;
using namespace filestore::s3;

namespace {

ResumeToken simple_token() {
    ResumeToken token;
    token.bucket = "bucket";
    token.key = "a/key";
    token.upload_id = "VXBsb2Fk";
    return token;
}

std::string with_every_byte() {
    std::string text;
    for (int byte = 1; byte < 256; ++byte) {
        text.push_back(static_cast<char>(byte));
    }
    return text;
}

}  // namespace

TEST_CASE("a resume token says what it was made of", "[resume]") {
    ResumeToken token = simple_token();
    SECTION("with what is usual") {}
    SECTION("of a key and an ID that hold what separates fields") {
        token.key = "12:34:\n \"/..//" + with_every_byte();
        token.upload_id = "0:1:2~+/=";
    }
    SECTION("with all that there is") {
        token.part_size = 5 * gibibyte;
        token.part_sizes = PartSizes::equal;
        token.object_size = 5 * tebibyte;
        token.checksum_mode = S3ChecksumMode::trailer;
        token.checksum_algorithm = ChecksumAlgorithm::sha256;
        token.conditions = {{"if-match", "\"abc\""}, {"if-none-match", "*"}};
    }
    SECTION("of nothing") {
        token.object_size = 0;
    }
    const std::string text = format_resume_token(token);
    CHECK(is_printable_ascii(text));
    CHECK(text.find(' ') == std::string::npos);
    const auto parsed = parse_resume_token(text);
    REQUIRE(parsed.ok());
    CHECK(*parsed == token);
}

TEST_CASE("what this version writes, every later one reads", "[resume]") {
    const std::string text =
        "fs-upload-1-"
        "UDRsRXdRPT02OmJ1Y2tldDU6YS9rZXk4OlZYQnNiMkZrNzo4Mzg4NjA4Nzpncm93aW5nMDozOm9mZjk6Q1JDNjROVk1F";
    CHECK(format_resume_token(simple_token()) == text);
    const auto parsed = parse_resume_token(text);
    REQUIRE(parsed.ok());
    CHECK(*parsed == simple_token());
}

TEST_CASE("a damaged resume token is refused", "[resume]") {
    ResumeToken token = simple_token();
    token.conditions = {{"if-none-match", "*"}};
    const std::string text = format_resume_token(token);
    for (std::size_t size = 0; size < text.size(); ++size) {
        CHECK(code_of(parse_resume_token(text.substr(0, size))) == ErrorCode::invalid_argument);
    }
    for (std::size_t i = 0; i < text.size(); ++i) {
        std::string changed = text;
        changed[i] = changed[i] == 'A' ? 'B' : 'A';
        INFO(i);
        CHECK(code_of(parse_resume_token(changed)) == ErrorCode::invalid_argument);
    }
    CHECK(code_of(parse_resume_token(text + "A")) == ErrorCode::invalid_argument);
    CHECK(code_of(parse_resume_token(text + "\n")) == ErrorCode::invalid_argument);
    CHECK(code_of(parse_resume_token("")) == ErrorCode::invalid_argument);
}

TEST_CASE("a resume token brings no header but conditions", "[resume]") {
    ResumeToken token = simple_token();
    token.conditions = {{"x-amz-acl", "public-read"}};
    CHECK(code_of(parse_resume_token(format_resume_token(token))) == ErrorCode::invalid_argument);
    token.conditions = {{"if-match", "a\r\nx-amz-acl: public-read"}};
    CHECK(code_of(parse_resume_token(format_resume_token(token))) == ErrorCode::invalid_argument);
}
