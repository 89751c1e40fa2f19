#include <catch2/catch.hpp>
#include <chrono>
#include <string>

#include "serve/openai/protocol.h"
#include "serve/openai/upload_record.h"

using namespace filestore;
using namespace filestore::tool::serve;
using namespace std::chrono_literals;

namespace {

constexpr const char* id_text = "6f1c1f0e-3f1b-4c43-9d1e-0a4c8a1b2c3d";
const Timestamp now = Timestamp(1'800'000'000s) + 250ms;

openai::UploadRecord some_record() {
    openai::UploadRecord record;
    record.id = FileId::parse(id_text).value();
    record.filename = "a\n\"\xC3\xBC";
    record.content_type = "text/plain";
    record.bytes = INT64_MAX;
    record.purpose = "batch";
    record.created_at = now;
    record.expires_at = now + 1h;
    return record;
}

}  // namespace

TEST_CASE("IDs of the API of OpenAI", "[serve]") {
    const std::string id = id_text;
    CHECK(openai::parse_file_id("file-" + id).value().str() == id);
    CHECK(openai::parse_upload_id("upload_" + id).value().str() == id);
    CHECK(openai::parse_part_id("part_" + id).value().str() == id);
    const std::string wrong = GENERATE_COPY(std::string(), id, "file_" + id, "File-" + id, "file-" + id + "0",
                                            "file-", "file-file-" + id, "upload_" + id);
    CHECK_FALSE(openai::parse_file_id(wrong).ok());
}

TEST_CASE("attributes are kept in the metadata of a file and found there", "[serve]") {
    openai::Attributes attributes{"batch", now, now + 1h};
    if (GENERATE(true, false)) {
        attributes.expires_at.reset();
    }
    Metadata metadata;
    openai::keep_attributes(metadata, attributes);
    CHECK(openai::attributes_in(metadata, {}) == attributes);
    CHECK_FALSE(openai::is_over(metadata, now + 1h - 1us));
    CHECK(openai::is_over(metadata, now + 1h) == attributes.expires_at.has_value());
}

TEST_CASE("a file without attributes, or with others' values, has the usual ones", "[serve]") {
    const char* const json =
        GENERATE("{}", R"({"openai_expires_at":"soon","openai_created_at":1,"openai_purpose":null})");
    const Metadata metadata = Metadata::parse(json).value();
    CHECK(openai::attributes_in(metadata, now) == openai::Attributes{"user_data", now, std::nullopt});
    CHECK_FALSE(openai::is_over(metadata, now));
}

TEST_CASE("a file as the API of OpenAI tells of it", "[serve]") {
    CHECK(
        openai::file_object(FileId::parse(id_text).value(), "a\n", 7, {"batch", now, std::nullopt}) ==
        R"({"id":"file-6f1c1f0e-3f1b-4c43-9d1e-0a4c8a1b2c3d","object":"file","bytes":7,"created_at":1800000000,)"
        R"("expires_at":null,"filename":"a\n","purpose":"batch","status":"processed","status_details":null})");
}

TEST_CASE("the record of an upload is read as it was written", "[serve]") {
    openai::UploadRecord record = some_record();
    if (GENERATE(true, false)) {
        record.file_lifetime = 3600s;
        record.status = openai::UploadStatus::completed;
        record.file = record.id;
    }
    const auto read = openai::read_record(record.id, openai::to_text(record));
    REQUIRE(read.ok());
    CHECK(read->filename == record.filename);
    CHECK(read->content_type == record.content_type);
    CHECK(read->bytes == record.bytes);
    CHECK(read->purpose == record.purpose);
    CHECK(read->created_at == record.created_at);
    CHECK(read->expires_at == record.expires_at);
    CHECK(read->file_lifetime == record.file_lifetime);
    CHECK(read->status == record.status);
    CHECK(read->file == record.file);
}

TEST_CASE("what is no record of an upload", "[serve]") {
    const openai::UploadRecord record = some_record();
    const std::string text = openai::to_text(record);
    for (std::size_t size = 0; size < text.size(); ++size) {
        CHECK_FALSE(openai::read_record(record.id, text.substr(0, size)).ok());
    }
    CHECK_FALSE(openai::read_record(record.id, "{}").ok());
}

TEST_CASE("an upload expires, unless it has ended", "[serve]") {
    openai::UploadRecord record = some_record();
    CHECK_THAT(openai::upload_object(record, now + 1h - 1us, ""), Catch::Contains(R"("status":"pending")"));
    CHECK_THAT(openai::upload_object(record, now + 1h, ""), Catch::Contains(R"("status":"expired")"));
    record.status = openai::UploadStatus::cancelled;
    CHECK_THAT(openai::upload_object(record, now + 1h, ""), Catch::Contains(R"("status":"cancelled")"));
}

TEST_CASE("a size is whole however it is written", "[serve]") {
    struct Size {
        const char* json;
        std::uint64_t bytes;
    };
    constexpr Size sizes[] = {
        {"1", 1},
        {"3600.0", 3600},
        {"3.6e3", 3600},
        {"9223372036854775807", INT64_MAX},
        {"4122188740922986.0", 4'122'188'740'922'986},
    };
    for (const Size& size : sizes) {
        CAPTURE(size.json);
        const std::string json = R"({"filename":"a","mime_type":"text/plain","purpose":"batch","bytes":)" +
                                 std::string(size.json) + "}";
        openai::UploadRecord record;
        CHECK_FALSE(openai::read_new_upload(json, now, record));
        CHECK(record.bytes == size.bytes);
    }
    for (const char* const bytes : {"0", "-1", "0.5", "1e300", "9223372036854775808", "\"1\"", "null"}) {
        CAPTURE(bytes);
        const std::string json = R"({"filename":"a","mime_type":"text/plain","purpose":"batch","bytes":)" +
                                 std::string(bytes) + "}";
        openai::UploadRecord record;
        CHECK(openai::read_new_upload(json, now, record));
    }
}
