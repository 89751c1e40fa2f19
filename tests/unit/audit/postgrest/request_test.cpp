#include "audit/postgrest/request.h"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "support/code_of.h"

using namespace filestore;
using namespace filestore::postgrest;

namespace {

constexpr const char* first_id = "0b9f1c7e-3d52-4a61-8f0e-2c1d5e6f7a8b";
constexpr const char* second_id = "7f3a2b1c-9d8e-4f70-a1b2-c3d4e5f60718";

FileId id(const char* text) {
    return FileId::parse(text).value();
}

Timestamp at(const char* text) {
    return parse_timestamp(text).value();
}

CatalogueRow row(const char* file_id) {
    CatalogueRow made;
    made.id = id(file_id);
    made.file_path = "a \"b\"\n\xC3\xA4";
    made.metadata = Metadata::parse(R"({"pages": 12, "owner": "ada"})").value();
    made.uploaded_at = at("2026-01-31T23:59:59.000001Z");
    return made;
}

}  // namespace

TEST_CASE("where a project's REST interface is", "[postgrest]") {
    struct Case {
        const char* url;
        const char* base;
    };
    const auto c = GENERATE(values<Case>({
        {"https://project.supabase.co", "https://project.supabase.co/rest/v1"},
        {"https://project.supabase.co/", "https://project.supabase.co/rest/v1"},
        {"https://project.supabase.co/rest/v1", "https://project.supabase.co/rest/v1"},
        {"https://project.supabase.co/rest/v1//", "https://project.supabase.co/rest/v1"},
        {"http://127.0.0.1:54321", "http://127.0.0.1:54321/rest/v1"},
        {"https://host.example/below/this", "https://host.example/below/this/rest/v1"},
        {"http://[::1]:54321", "http://[::1]:54321/rest/v1"},
    }));
    CAPTURE(c.url);
    const auto endpoint = parse_endpoint(c.url);
    REQUIRE(endpoint.ok());
    CHECK(endpoint->base == c.base);
}

TEST_CASE("what is no URL of a project", "[postgrest]") {
    const auto url = GENERATE(as<std::string>(), "", "project.supabase.co", "ftp://project.supabase.co",
                              "https://", "https:///", "https:///rest/v1", "https://:443", "https://a b",
                              "https://a?x=secret", "https://a#x", "https://user:secret@host",
                              "https://a\nsecret", "HTTPS//a", "https://\xC3\xA4");
    CAPTURE(url);
    const auto endpoint = parse_endpoint(url);
    REQUIRE(code_of(endpoint) == ErrorCode::configuration);
    CHECK_THAT(std::string(endpoint.error().message()),
               Catch::Contains("SUPABASE_URL") && !Catch::Contains("secret") && !Catch::Contains("\n"));
}

TEST_CASE("the headers of a key", "[postgrest]") {
    const auto headers = key_headers("sb_secret_x");
    REQUIRE(headers.ok());
    CHECK(*headers ==
          std::vector<Header>{{"apikey", "sb_secret_x"}, {"authorization", "Bearer sb_secret_x"}});
    const auto bad =
        GENERATE(as<std::string>(), "", "with blank", "secret\n", "secret\r\nhost: x", "s\xC3\xA4");
    const auto refused = key_headers(bad);
    REQUIRE(code_of(refused) == ErrorCode::configuration);
    CHECK_THAT(std::string(refused.error().message()),
               Catch::Contains("SUPABASE_KEY") && !Catch::Contains("secret"));
}

TEST_CASE("rows are inserted where they are not there", "[postgrest]") {
    std::vector<CatalogueRow> rows{row(first_id), row(second_id)};
    rows[1].file_path.clear();
    rows[1].metadata = {};
    rows[1].deleted_at = at("2026-02-01T00:00:00Z");
    const auto request = insert_rows("file_uploads", rows);
    REQUIRE(request.ok());
    CHECK(request->method == Method::post);
    CHECK(request->target ==
          "/file_uploads?on_conflict=file_id&columns=file_id,file_path,metadata,uploaded_at,deleted_at&"
          "select=file_id,deleted_at");
    CHECK(request->headers ==
          std::vector<Header>{{"content-type", "application/json"},
                              {"prefer", "return=representation,resolution=ignore-duplicates"}});
    CHECK(
        request->body ==
        std::string(R"([{"file_id":")") + first_id + R"(","file_path":"a \"b\"\n)" + "\xC3\xA4" +
            R"(","metadata":{"owner":"ada","pages":12},"uploaded_at":"2026-01-31T23:59:59.000001Z","deleted_at":null},)" +
            R"({"file_id":")" + second_id +
            R"(","file_path":"","metadata":{},"uploaded_at":"2026-01-31T23:59:59.000001Z","deleted_at":"2026-02-01T00:00:00.000000Z"}])");
}

TEST_CASE("rows of stored files are counted, not given back", "[postgrest]") {
    const std::vector<CatalogueRow> rows{row(first_id)};
    const auto request = insert_rows("file_uploads", rows);
    REQUIRE(request.ok());
    CHECK(request->target ==
          "/file_uploads?on_conflict=file_id&columns=file_id,file_path,metadata,uploaded_at,deleted_at");
    CHECK(request->headers.at(1).value == "return=minimal,count=exact,resolution=ignore-duplicates");
}

TEST_CASE("rows of files whose upload nobody recorded leave the time to the table", "[postgrest]") {
    std::vector<CatalogueRow> rows{row(first_id)};
    rows[0].uploaded_at.reset();
    rows[0].deleted_at = at("2026-02-01T00:00:00Z");
    const auto request = insert_rows("file_uploads", rows);
    REQUIRE(request.ok());
    CHECK(request->target ==
          "/file_uploads?on_conflict=file_id&columns=file_id,file_path,metadata,deleted_at&select=file_id,"
          "deleted_at");
    CHECK(request->body.find("uploaded_at") == std::string::npos);

    rows.push_back(row(second_id));
    CHECK(code_of(insert_rows("file_uploads", rows)) == ErrorCode::invalid_argument);
    CHECK(code_of(insert_rows("file_uploads", {})) == ErrorCode::invalid_argument);
}

TEST_CASE("deletions are changed where they are what they were", "[postgrest]") {
    using Time = std::optional<Timestamp>;
    const Time time = at("2026-02-01T00:59:59.5Z");
    const Time earlier = at("2026-02-01T00:00:07Z");
    const auto [before, after, guard, body] = GENERATE_COPY(table<Time, Time, std::string, std::string>({
        {std::nullopt, time, "is.null", R"({"deleted_at":"2026-02-01T00:59:59.500000Z"})"},
        {earlier, time, "eq.2026-02-01T00:00:07.000000Z", R"({"deleted_at":"2026-02-01T00:59:59.500000Z"})"},
        {time, std::nullopt, "eq.2026-02-01T00:59:59.500000Z", R"({"deleted_at":null})"},
    }));
    const std::vector<FileId> ids{id(first_id), id(second_id)};
    const auto request = change_deleted("file_uploads", ids, before, after);
    REQUIRE(request.ok());
    CHECK(request->method == Method::patch);
    CHECK(request->target == "/file_uploads?select=file_id,deleted_at&deleted_at=" + guard + "&file_id=in.(" +
                                 first_id + "," + second_id + ")");
    CHECK(request->headers ==
          std::vector<Header>{{"content-type", "application/json"}, {"prefer", "return=representation"}});
    CHECK(request->body == body);
}

TEST_CASE("claimed rows get their own times", "[postgrest]") {
    std::vector<CatalogueRow> rows{row(first_id)};
    rows[0].deleted_at = at("2026-02-01T01:02:03Z");
    const auto set = set_deleted("file_uploads", rows);
    REQUIRE(set.ok());
    CHECK(set->target ==
          "/file_uploads?on_conflict=file_id&columns=file_id,file_path,metadata,deleted_at&select=file_id,"
          "deleted_at");
    CHECK(set->headers.at(1).value == "return=representation,resolution=merge-duplicates");
    CHECK_THAT(set->body, Catch::Contains(R"("deleted_at":"2026-02-01T01:02:03.000000Z")") &&
                              !Catch::Contains("uploaded_at"));
    CHECK(code_of(set_deleted("file_uploads", {})) == ErrorCode::invalid_argument);
}

TEST_CASE("a request that can only be refused asks for two rows of one file", "[postgrest]") {
    const auto request = write_in_vain("file_uploads", id(first_id));
    REQUIRE(request.ok());
    CHECK(request->method == Method::post);
    CHECK(request->target ==
          "/file_uploads?on_conflict=file_id&columns=file_id,file_path,metadata,deleted_at");
    CHECK(request->headers.back().value == "return=minimal,count=exact,resolution=merge-duplicates");
    const auto first = request->body.find(first_id);
    REQUIRE(first != std::string::npos);
    CHECK(request->body.find(first_id, first + 1) != std::string::npos);
    const auto as_upload = write_in_vain("file_uploads", id(first_id), Timestamp(std::chrono::seconds(1)));
    REQUIRE(as_upload.ok());
    CHECK_THAT(as_upload->body, Catch::Contains(R"("uploaded_at":"1970-01-01T00:00:01)"));
    CHECK(code_of(write_in_vain("a?b", id(first_id))) == ErrorCode::invalid_argument);
}

TEST_CASE("a deletion is taken back only where it is the one", "[postgrest]") {
    const std::vector<FileId> ids{id(first_id)};
    const auto request = take_back_deleted("file_uploads", ids, at("2026-02-01T01:02:03.25Z"));
    REQUIRE(request.ok());
    CHECK(request->method == Method::patch);
    CHECK(request->target ==
          "/file_uploads?select=file_id,deleted_at&deleted_at=in.(2026-02-01T01:00:07.000000Z,"
          "2026-02-01T01:02:03.250001Z,2026-02-01T01:02:03.250000Z,"
          "2026-02-01T01:02:03.300000Z,2026-02-01T01:02:03.000000Z)"
          "&file_id=in.(" +
              std::string(first_id) + ")");
    CHECK(request->body == R"({"deleted_at":null})");
    CHECK(code_of(take_back_deleted("file_uploads", {}, {})) == ErrorCode::invalid_argument);
    CHECK(code_of(take_back_deleted("a?b", ids, {})) == ErrorCode::invalid_argument);
}

TEST_CASE("what a column of fewer digits keeps of a time", "[postgrest]") {
    const auto [time, forms] = GENERATE(table<std::string, std::vector<std::string>>({
        {"2026-02-01T01:02:03Z", {"03"}},
        {"2026-02-01T01:02:03.5Z", {"03.5", "04"}},
        {"2026-02-01T01:02:03.499999Z", {"03.499999", "03.5", "03"}},
        {"2026-02-01T01:02:03.123456Z",
         {"03.123456", "03.12346", "03.1235", "03.123", "03.12", "03.1", "03"}},
    }));
    std::vector<Timestamp> kept;
    for (const std::string& form : forms) {
        kept.push_back(parse_timestamp("2026-02-01T01:02:" + form + "Z").value());
    }
    const Timestamp whole = parse_timestamp(time).value();
    CHECK(kept_forms_of(whole) == kept);
    CHECK(kept_forms_of(claim_of(whole)).size() == 1);
}

TEST_CASE("a key goes to another machine with TLS only", "[postgrest]") {
    const auto url = GENERATE(as<std::string>(), "http://project.example", "http://10.0.0.1:8000",
                              "http://127.0.0.1.example", "http://localhost.example/x", "http://[::2]",
                              "http://127.example", "http://kong:8000/rest/v1");
    CAPTURE(url);
    const auto refused = parse_endpoint(url);
    CHECK(code_of(refused) == ErrorCode::configuration);
    CHECK_THAT(std::string(refused.error().message()), Catch::Contains("audit_plain_http"));
    CHECK(parse_endpoint(url, true).ok());
}

TEST_CASE("a key goes to this machine without TLS", "[postgrest]") {
    const auto url = GENERATE(as<std::string>(), "http://127.0.0.1", "http://127.1.2.3:1", "http://localhost",
                              "http://localhost:54321/rest/v1", "http://[::1]:54321");
    CAPTURE(url);
    CHECK(parse_endpoint(url).ok());
}

TEST_CASE("no request changes every row", "[postgrest]") {
    CHECK(code_of(change_deleted("file_uploads", {}, std::nullopt, at("2026-02-01T00:00:00Z"))) ==
          ErrorCode::invalid_argument);
    const std::vector<FileId> most(most_ids_in_filter, id(first_id));
    CHECK(change_deleted("file_uploads", most, std::nullopt, {}).ok());
    const std::vector<FileId> too_many(most_ids_in_filter + 1, id(first_id));
    CHECK(code_of(change_deleted("file_uploads", too_many, std::nullopt, {})) == ErrorCode::invalid_argument);
}

TEST_CASE("a table's name cannot change the request", "[postgrest]") {
    const auto table =
        GENERATE(as<std::string>(), "", "a?b", "a/b", "../a", "a b", "a%20", "\xC3\xA4", "a\n", "\"a\"");
    CAPTURE(table);
    const std::vector<CatalogueRow> rows{row(first_id)};
    const std::vector<FileId> ids{id(first_id)};
    CHECK(code_of(insert_rows(table, rows)) == ErrorCode::invalid_argument);
    CHECK(code_of(change_deleted(table, ids, std::nullopt, {})) == ErrorCode::invalid_argument);
}
