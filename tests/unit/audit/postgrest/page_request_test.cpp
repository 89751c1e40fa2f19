#include "audit/postgrest/page_request.h"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "audit/postgrest/rows.h"
#include "support/code_of.h"

using namespace filestore;
using namespace filestore::postgrest;

namespace {

const FileId some_id = FileId::parse("0b9f1c7e-3d52-4a61-8f0e-2c1d5e6f7a8b").value();

Timestamp at(const char* text) {
    return parse_timestamp(text).value();
}

}  // namespace

TEST_CASE("the first page of files that were uploaded before a time", "[postgrest]") {
    const auto request = read_uploaded_before("file_uploads", at("2026-01-31T02:00:00+02:00"), std::nullopt,
                                              Detail::whole, 1000);
    REQUIRE(request.ok());
    CHECK(request->method == Method::get);
    CHECK(request->target ==
          "/file_uploads?select=file_id,file_path,metadata::text,uploaded_at,deleted_at&deleted_at=is.null"
          "&uploaded_at=lt.2026-01-31T00:00:00.000000Z&order=uploaded_at.asc,file_id.asc&limit=1000");
}

TEST_CASE("a page behind a row, whatever its ID is", "[postgrest]") {
    const RowPlace place{at("2026-01-01T00:00:00.000001Z"), "a\",\\)+\xC3\xA4"};
    const auto by_time = read_uploaded_before("t", at("2026-02-01T00:00:00Z"), place, Detail::brief, 10);
    REQUIRE(by_time.ok());
    CHECK(by_time->target ==
          "/t?select=file_id,file_path,uploaded_at,deleted_at&deleted_at=is.null"
          "&uploaded_at=lt.2026-02-01T00:00:00.000000Z&uploaded_at=gte.2026-01-01T00:00:00.000001Z"
          "&or=(uploaded_at.gt.2026-01-01T00:00:00.000001Z,file_id.gt.%22a%5C%22%2C%5C%5C%29%2B%C3%A4%22)"
          "&order=uploaded_at.asc,file_id.asc&limit=10");
    const auto by_id = read_by_id("t", place, 10);
    REQUIRE(by_id.ok());
    CHECK(by_id->target ==
          "/t?select=file_id,file_path,uploaded_at,deleted_at&file_id=gt.a%22%2C%5C%29%2B%C3%A4"
          "&order=file_id.asc&limit=10");
    CHECK(read_by_id("t", std::nullopt, 1)->target.find("file_id=") == std::string::npos);
}

TEST_CASE("a page behind a row at the end of times", "[postgrest]") {
    const RowPlace no_time{{}, "a", "0044-03-15T00:00:00+00:00 BC"};
    CHECK_THAT(read_uploaded_before("t", greatest_time, no_time, Detail::brief, 10)->target,
               Catch::Contains("&uploaded_at=gte.0044-03-15T00%3A00%3A00%2B00%3A00%20BC&or=(uploaded_at.gt."
                               "%220044-03-15T00%3A00%3A00%2B00%3A00%20BC%22,file_id.gt.%22a%22)"));
    const auto least = read_uploaded_before("t", greatest_time, RowPlace{least_time, "a"}, Detail::brief, 10);
    CHECK_THAT(least->target, Catch::Contains("&uploaded_at=lt.infinity&uploaded_at=gte.-infinity"
                                              "&or=(uploaded_at.gt.-infinity,"));
}

TEST_CASE("rows of a few files", "[postgrest]") {
    CHECK(read_rows_of("t", {&some_id, 1}, Detail::brief)->target ==
          "/t?select=file_id,file_path,uploaded_at,deleted_at&file_id=in.(" + some_id.str() + ")");
    CHECK(code_of(read_rows_of("t", {}, Detail::brief)) == ErrorCode::invalid_argument);
    const std::vector<FileId> many(most_ids_to_read + 1, some_id);
    CHECK(code_of(read_rows_of("t", many, Detail::brief)) == ErrorCode::invalid_argument);
    CHECK(code_of(read_by_id("t;", std::nullopt, 1)) == ErrorCode::invalid_argument);
}

TEST_CASE("a page of rows knows its last one, which need not be ours", "[postgrest]") {
    const auto page = read_page(
        R"([{"file_id":"0b9f1c7e-3d52-4a61-8f0e-2c1d5e6f7a8b","uploaded_at":"2026-01-31T23:59:59.000001+00:00"},
            {"file_id":"other","uploaded_at":"2026-02-01T01:00:00+01:00"}])");
    REQUIRE(page.ok());
    CHECK(page->rows.size() == 1);
    REQUIRE(page->last);
    CHECK(page->last->file_id == "other");
    CHECK(page->last->uploaded_at == at("2026-02-01T00:00:00Z"));
    CHECK_FALSE(read_page("[]")->last);
}
