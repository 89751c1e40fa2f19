#include "audit/postgrest/rows.h"

#include <catch2/catch.hpp>
#include <string>

#include "support/code_of.h"

using namespace filestore;
using namespace filestore::postgrest;

namespace {

Result<std::vector<CatalogueRow>> read_rows(const std::string& body) {
    auto page = read_page(body);
    if (!page.ok()) {
        return page.error();
    }
    return page->untimed.empty() ? Result<std::vector<CatalogueRow>>(std::move(page->rows))
                                 : page->untimed.front().reason;
}

}  // namespace

TEST_CASE("rows as PostgREST gives them", "[postgrest]") {
    const auto rows = read_rows(
        R"([{"file_id":"0b9f1c7e-3d52-4a61-8f0e-2c1d5e6f7a8b","file_path":"a \"b\"","metadata":"{\"n\": 1.50}",
            "uploaded_at":"2026-01-31T23:59:59.000001+00:00","deleted_at":null},
            {"file_id":"of another tool"},
            {"file_id":"7f3a2b1c-9d8e-4f70-a1b2-c3d4e5f60718","metadata":null,"deleted_at":"2026-02-01T01:00:00+01:00"}])");
    REQUIRE(rows.ok());
    REQUIRE(rows->size() == 2);
    CHECK(rows->at(0).file_path == "a \"b\"");
    CHECK(rows->at(0).metadata.to_json() == R"({"n":1.50})");
    CHECK(rows->at(0).uploaded_at == parse_timestamp("2026-01-31T23:59:59.000001Z").value());
    CHECK_FALSE(rows->at(0).deleted_at);
    CHECK(rows->at(1).metadata.empty());
    CHECK(rows->at(1).deleted_at == parse_timestamp("2026-02-01T00:00:00Z").value());
    CHECK(read_rows("[]")->empty());
}

TEST_CASE("what holds no rows", "[postgrest]") {
    const auto body = GENERATE(as<std::string>(), "", "{}", "<html>", "[", "[{}", "[1]", "[[]]",
                               R"([{"a":{}}])", R"([{"a":1}])", "null", "[null]",
                               R"([{"file_id":"0b9f1c7e-3d52-4a61-8f0e-2c1d5e6f7a8b","deleted_at":"soon"}])");
    CAPTURE(body);
    CHECK(code_of(read_rows(body)) == ErrorCode::corrupt);
}

TEST_CASE("a time without a zone is one of UTC", "[postgrest]") {
    const auto rows = read_rows(
        R"([{"file_id":"7f3a2b1c-9d8e-4f70-a1b2-c3d4e5f60718","uploaded_at":"2026-01-31T23:59:59.123"}])");
    REQUIRE(rows.ok());
    CHECK(rows->at(0).uploaded_at == parse_timestamp("2026-01-31T23:59:59.123Z").value());
}

TEST_CASE("a date is the beginning of a day of UTC", "[postgrest]") {
    const auto rows =
        read_rows(R"([{"file_id":"7f3a2b1c-9d8e-4f70-a1b2-c3d4e5f60718","deleted_at":"2026-01-31"}])");
    REQUIRE(rows.ok());
    CHECK(rows->at(0).deleted_at == parse_timestamp("2026-01-31T00:00:00Z").value());
}

TEST_CASE("a row with a time that is none is named", "[postgrest]") {
    const auto text =
        GENERATE(as<std::string>(), "soon", "0044-03-15T00:00:00+00:00 BC", "infinite", "12345");
    const auto rows =
        read_rows(R"([{"file_id":"7f3a2b1c-9d8e-4f70-a1b2-c3d4e5f60718","uploaded_at":")" + text + R"("}])");
    REQUIRE(code_of(rows) == ErrorCode::corrupt);
    CHECK_THAT(std::string(rows.error().message()),
               Catch::Contains("7f3a2b1c-9d8e-4f70-a1b2-c3d4e5f60718") && Catch::Contains("'" + text + "'"));
}

TEST_CASE("a page names the rows whose times are none and has the others", "[postgrest]") {
    const auto page = read_page(
        R"([{"file_id":"0b9f1c7e-3d52-4a61-8f0e-2c1d5e6f7a8b","uploaded_at":"2026-01-31T00:00:00Z"},
            {"file_id":"7f3a2b1c-9d8e-4f70-a1b2-c3d4e5f60718","uploaded_at":"0044-03-15T00:00:00+00:00 BC"}])");
    REQUIRE(page.ok());
    REQUIRE(page->rows.size() == 1);
    CHECK(page->rows[0].id.str() == "0b9f1c7e-3d52-4a61-8f0e-2c1d5e6f7a8b");
    REQUIRE(page->untimed.size() == 1);
    CHECK(page->untimed[0].id.str() == "7f3a2b1c-9d8e-4f70-a1b2-c3d4e5f60718");
    CHECK_THAT(std::string(page->untimed[0].reason.message()), Catch::Contains("BC"));
    // The next page begins behind what stands there.
    CHECK(page->last->no_time == "0044-03-15T00:00:00+00:00 BC");
}

TEST_CASE("the ends of PostgreSQL's times are the least and the greatest one", "[postgrest]") {
    const auto page = read_page(
        R"([{"file_id":"7f3a2b1c-9d8e-4f70-a1b2-c3d4e5f60718","uploaded_at":"-infinity","deleted_at":"infinity"},
            {"file_id":"0b9f1c7e-3d52-4a61-8f0e-2c1d5e6f7a8b","uploaded_at":"12026-01-01T00:00:00+00:00"}])");
    REQUIRE(page.ok());
    CHECK(page->rows.at(0).uploaded_at == least_time);
    CHECK(page->rows.at(0).deleted_at == greatest_time);
    CHECK(page->rows.at(1).uploaded_at == greatest_time);
    CHECK(page->last->uploaded_at == greatest_time);
    CHECK(format_timestamp(least_time) < "0001");
    CHECK(format_timestamp(greatest_time) == "9999-12-31T23:59:59.999999Z");
}
