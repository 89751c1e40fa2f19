#include "s3/resumable/upload_state.h"

#include <catch2/catch.hpp>

#include "support/code_of.h"

using namespace filestore;
using namespace filestore::s3;

namespace {

const FileId some_id = FileId::parse("0b5f2a52-6c3e-4f0e-9f3c-1d2e3f405162").value();

UploadState some_state() {
    UploadState state;
    state.record.id = some_id;
    state.record.original_path = "a\n\"ä\".txt";
    state.record.content_type = "text/plain";
    REQUIRE(state.record.metadata.set_json("list", "[1,2.50]").ok());
    state.record.lifetime = std::chrono::seconds(90);
    state.record.length = 1'000'000'000'000;
    state.upload_id = "an \"ID\"";
    state.parts = {1, 2, 3, 7};
    state.parts_bytes = 21'000'000;
    state.next_part = 9;
    state.part_size = 5'242'880;
    state.equal_parts = true;
    state.beginning = std::string("\0\n\xFF", 3);
    state.rest = 5;
    state.last_byte = parse_timestamp("2026-01-02T03:04:05.678901Z").value();
    state.written_by = "somebody";
    return state;
}

}  // namespace

TEST_CASE("the record of an upload on S3 comes back as it was", "[s3][resumable]") {
    const UploadState state = some_state();
    const std::string text = format_state(state) + "rest\n";
    const auto read = parse_state(some_id, text);
    REQUIRE(read.ok());
    CHECK(text.substr(read->head) == "rest\n");
    const UploadState& back = read->state;
    CHECK(back.record.original_path == state.record.original_path);
    CHECK(back.record.content_type == state.record.content_type);
    CHECK(back.record.metadata == state.record.metadata);
    CHECK(back.record.lifetime == state.record.lifetime);
    CHECK(back.record.length == state.record.length);
    CHECK(back.upload_id == state.upload_id);
    CHECK(back.parts == state.parts);
    CHECK(back.offset() == 21'000'005);
    CHECK(back.next_part == 9);
    CHECK(back.part_size == state.part_size);
    CHECK(back.equal_parts);
    CHECK(back.beginning == state.beginning);
    CHECK(back.last_byte == state.last_byte);
    CHECK(back.written_by == state.written_by);
}

TEST_CASE("what is no record of an upload on S3 is damaged", "[s3][resumable]") {
    const std::string text = format_state(some_state());
    CHECK(code_of(parse_state(FileId::generate().value(), text)) == ErrorCode::corrupt);
    for (std::size_t size = 0; size < text.size(); ++size) {
        CAPTURE(size);
        CHECK(code_of(parse_state(some_id, text.substr(0, size))) == ErrorCode::corrupt);
    }
}

TEST_CASE("numbers of parts are written as ranges", "[s3][resumable]") {
    const std::vector<std::pair<std::vector<std::uint32_t>, std::string>> all{
        {{}, ""},           {{1}, "1"}, {{1, 2}, "1-2"}, {{1, 3}, "1,3"}, {{1, 2, 3, 5, 9, 10}, "1-3,5,9-10"},
        {{10'000}, "10000"}};
    for (const auto& [numbers, text] : all) {
        CAPTURE(text);
        CHECK(format_numbers(numbers) == text);
        CHECK(parse_numbers(text).value() == numbers);
    }
    for (const std::string_view text : {",", "1,", ",1", "0", "-1", "1-", "2-1", "1,1", "2,1", "1 ", "a",
                                        "10001", "1-10001", "99999999999", "1--2", "1-2-3"}) {
        CAPTURE(text);
        CHECK(code_of(parse_numbers(text)) == ErrorCode::corrupt);
    }
}
