#include "local/sidecar.h"

#include <catch2/catch.hpp>

using filestore::ErrorCode;
using filestore::FileId;
using filestore::Metadata;
using filestore::local::read_sidecar;
using filestore::local::Sidecar;
using filestore::local::write_sidecar;

namespace {

const std::string id_text = "6f1c1f0e-3f1b-4c43-9d1e-0a4c8a1b2c3d";
const FileId id = FileId::parse(id_text).value();

/// A sidecar's text with these members beside its file_id.
std::string with_id(const std::string& members) {
    return R"({"file_id":")" + id_text + "\"," + members + "}";
}

}  // namespace

TEST_CASE("what is written is read back", "[sidecar]") {
    Sidecar sidecar;
    sidecar.id = id;
    sidecar.original_path = "dir/\xC3\xBC \"x\".txt";
    sidecar.size = 12;
    sidecar.content_type = "text/plain";
    sidecar.version = "of this upload";
    sidecar.metadata = Metadata::parse(R"({"a":"b","n":1.50,"o":{"x":[null,true]}})").value();
    const auto read = read_sidecar(id, write_sidecar(sidecar));
    REQUIRE(read.ok());
    CHECK(read->id == id);
    CHECK(read->original_path == sidecar.original_path);
    CHECK(read->size == 12U);
    CHECK(read->content_type == "text/plain");
    CHECK(read->version == "of this upload");
    CHECK(read->metadata == sidecar.metadata);
}

TEST_CASE("the members that the original reads", "[sidecar]") {
    Sidecar sidecar;
    sidecar.id = id;
    sidecar.original_path = "a.txt";
    sidecar.size = 3;
    REQUIRE(sidecar.metadata.set("owner", "me").ok());
    CHECK(write_sidecar(sidecar) == R"({"file_id":")" + id_text +
                                        R"(","filestore":{"content_type":"application/octet-stream"},)"
                                        R"("original_path":"a.txt","size":3,"owner":"me"})");
}

TEST_CASE("the checksum stands beside what else is ours", "[sidecar]") {
    Sidecar sidecar;
    sidecar.id = id;
    sidecar.checksum =
        filestore::ChecksumValue::parse(filestore::ChecksumAlgorithm::crc64nvme, "rosUhgp5mIg=").value();
    const std::string text = write_sidecar(sidecar);
    CHECK_THAT(text,
               Catch::Contains(R"("filestore":{"checksum":{"algorithm":"CRC64NVME","value":"rosUhgp5mIg="},)"
                               R"("content_type":)"));
    const auto read = read_sidecar(id, text);
    REQUIRE(read.ok());
    CHECK(read->checksum == sidecar.checksum);
    CHECK(read->metadata.empty());
}

TEST_CASE("checksums that are none", "[sidecar]") {
    const auto with_checksum = [](const std::string& checksum) {
        return read_sidecar(id, with_id(R"("filestore":{"content_type":"a/b","checksum":)" + checksum + "}"));
    };
    for (const char* damaged :
         {"7", "{}", R"({"algorithm":"CRC64NVME"})", R"({"algorithm":"CRC64NVME","value":"AAAA"})",
          R"({"algorithm":"CRC64NVME","value":"rosUhgp5mIg"})",
          R"({"algorithm":"CRC64NVME","value":"rosUhgp5mIg=-2"})",
          R"({"algorithm":7,"value":"rosUhgp5mIg="})"}) {
        INFO(damaged);
        CHECK(with_checksum(damaged).error().code() == ErrorCode::corrupt);
    }
    const auto newer = with_checksum(R"({"algorithm":"XXH3","value":"rosUhgp5mIg="})");
    REQUIRE(newer.ok());
    CHECK_FALSE(newer->checksum.has_value());
}

TEST_CASE("what the original writes is read", "[sidecar]") {
    const auto read =
        read_sidecar(id, "{\n  \"file_id\": \"" + id_text +
                             "\",\n  \"original_path\": \"/tmp/a.txt\",\n  \"size\": 5,\n"
                             "  \"content_type\": \"text/csv\",\n  \"uploaded_by\": \"caf\\u00e9\"\n}");
    REQUIRE(read.ok());
    CHECK(read->original_path == "/tmp/a.txt");
    CHECK(read->size == 5U);
    CHECK(read->content_type == "text/csv");
    CHECK(read->metadata.text("uploaded_by") == "caf\xC3\xA9");
    CHECK(read->metadata.text("content_type") == "text/csv");
}

TEST_CASE("members that may be missing or odd", "[sidecar]") {
    const auto bare = read_sidecar(id, R"({"file_id":")" + id_text + "\"}");
    REQUIRE(bare.ok());
    CHECK(bare->original_path.empty());
    CHECK_FALSE(bare->size.has_value());
    CHECK(bare->content_type == filestore::default_content_type);
    for (const char* size : {"-1", "1.5", "\"3\"", "null", "99999999999999999999999"}) {
        INFO(size);
        const auto odd = read_sidecar(id, with_id(std::string("\"size\":") + size));
        REQUIRE(odd.ok());
        CHECK_FALSE(odd->size.has_value());
    }
    CHECK(read_sidecar(id, with_id(R"("content_type":"a\r\nb")"))->content_type ==
          filestore::default_content_type);
    CHECK(read_sidecar(id, with_id(R"("content_type":7)"))->content_type == filestore::default_content_type);
}

TEST_CASE("our own record of the type comes before the user's key", "[sidecar]") {
    const auto read =
        read_sidecar(id, with_id(R"("content_type":"a/b","filestore":{"content_type":"c/d","new":1})"));
    REQUIRE(read.ok());
    CHECK(read->content_type == "c/d");
    CHECK(read->metadata.to_json() == R"({"content_type":"a/b"})");
}

TEST_CASE("a value under our key that is not ours is the user's", "[sidecar]") {
    for (const std::string kept : {R"("x")", "null", "[1]", "{}", R"({"mine":1})", R"({"content_type":7})"}) {
        INFO(kept);
        const auto read = read_sidecar(id, with_id("\"filestore\":" + kept));
        REQUIRE(read.ok());
        CHECK(read->metadata.json("filestore") == kept);
        CHECK(read->content_type == filestore::default_content_type);
    }
}

TEST_CASE("what Python's json.dump writes beyond JSON is read", "[sidecar]") {
    const auto read = read_sidecar(
        id, with_id(R"("original_path":"gr\udcfce","size":3,"n":NaN,"big":1)" + std::string(400, '0')));
    REQUIRE(read.ok());
    CHECK(read->original_path ==
          "gr\xEF\xBF\xBD"
          "e");
    CHECK(read->size == 3U);
    CHECK(read->metadata.text("n") == "NaN");
    CHECK(read->metadata.text("big") == "1" + std::string(400, '0'));
}

TEST_CASE("damaged sidecars", "[sidecar]") {
    for (const std::string& text : {std::string(), std::string("{"), std::string("[]"), std::string("{}"),
                                    std::string(R"({"file_id":7})"),
                                    std::string(R"({"file_id":"6f1c1f0e-3f1b-4c43-9d1e-0a4c8a1b2c3e"})"),
                                    with_id(R"("size":3)").substr(0, 50), with_id("\"a\":\"\xFF\"")}) {
        INFO(text);
        const auto read = read_sidecar(id, text);
        REQUIRE_FALSE(read.ok());
        CHECK(read.error().code() == ErrorCode::corrupt);
        CHECK(read.error().message().find(id_text) != std::string_view::npos);
    }
}
