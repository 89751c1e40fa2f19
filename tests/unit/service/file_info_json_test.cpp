#include "service/file_info_json.h"

#include <catch2/catch.hpp>

using namespace filestore;

namespace {

FileInfo sample() {
    FileInfo info;
    info.id = FileId::parse("2f1b6a0c-8d3e-4f5a-9b7c-0123456789ab").value();
    info.original_path = "notes/a \"quoted\" \xC3\xBC.txt";
    info.size = 18'446'744'073'709'551'615U;
    info.last_modified = parse_timestamp("2026-01-31T23:59:59.000001Z").value();
    info.content_type = "text/plain";
    info.metadata = Metadata::parse(R"({"tags": [1, 2.50], "author": "Ada"})").value();
    return info;
}

}  // namespace

TEST_CASE("file info as JSON has the six fields in order") {
    CHECK(to_json(sample()) ==
          "{\"file_id\":\"2f1b6a0c-8d3e-4f5a-9b7c-0123456789ab\","
          "\"original_path\":\"notes/a \\\"quoted\\\" \xC3\xBC.txt\","
          "\"size\":18446744073709551615,"
          "\"last_modified\":\"2026-01-31T23:59:59.000001Z\","
          "\"content_type\":\"text/plain\","
          "\"metadata\":{\"author\":\"Ada\",\"tags\":[1,2.50]}}");
}

TEST_CASE("file info as JSON without metadata has an empty object") {
    FileInfo info = sample();
    info.metadata = {};
    CHECK(to_json(info).ends_with(",\"metadata\":{}}"));
}
