#include "audit/postgrest/answer.h"

#include <catch2/catch.hpp>
#include <chrono>
#include <string>

using namespace filestore;
using namespace filestore::postgrest;

namespace {

std::string document(const std::string& code) {
    return R"({"code":")" + code + R"(","details":null,"hint":null,"message":"as the server says"})";
}

/// The answer to an upload.
std::optional<Refused> refusal_of(int status, const std::string& body, const Secrets& secrets = {}) {
    return read_refusal({Method::post, status, "*/*", body}, "uploads", secrets);
}

struct Case {
    int status;
    const char* code;
    Refusal refusal;
    ErrorCode error;
};

}  // namespace

TEST_CASE("what was done", "[postgrest]") {
    const auto [method, status, range] = GENERATE(table<Method, int, std::string>({
        {Method::post, 201, "*/*"},
        {Method::post, 200, "*/*"},
        {Method::patch, 204, "0-0/*"},
        {Method::patch, 204, "*/*"},
        {Method::patch, 200, "0-99/100"},
    }));
    CAPTURE(status, range);
    CHECK_FALSE(read_refusal({method, status, range, ""}, "uploads"));
    CHECK_FALSE(read_refusal({method, status, range, "[]"}, "uploads"));
    CHECK_FALSE(read_refusal({method, status, range, R"([{"file_id":"a","deleted_at":null}])"}, "uploads"));
}

TEST_CASE("how many rows were inserted", "[postgrest]") {
    using Count = std::optional<std::uint64_t>;
    const auto [range, rows] = GENERATE(table<std::string, Count>({
        {"*/3", 3},
        {"*/0", 0},
        {"0-2/3", 3},
        {"*/*", std::nullopt},
        {"0-2/*", std::nullopt},
        {"3", std::nullopt},
        {"/", std::nullopt},
        {"", std::nullopt},
        {"*/99999999999999999999", std::nullopt},
    }));
    CAPTURE(range);
    CHECK(rows_written({Method::post, 200, range, ""}) == rows);
}

TEST_CASE("a success without Content-Range names that header", "[postgrest]") {
    const auto refused = read_refusal({Method::post, 201, "", ""}, "uploads");
    REQUIRE(refused);
    CHECK_THAT(std::string(refused->error.message()),
               Catch::Contains("Content-Range") && Catch::Contains("SUPABASE_URL"));
    CHECK(refused->error.details().http_status == 201);
}

TEST_CASE("a success of another server tells nothing of the events", "[postgrest]") {
    const auto [method, status, range, body] = GENERATE(table<Method, int, std::string, std::string>({
        {Method::post, 200, "*/*", "<html>Welcome</html>"},
        {Method::post, 201, "*/*", "{}"},
        {Method::post, 202, "*/*", ""},
        {Method::post, 204, "*/*", ""},
        {Method::post, 206, "*/*", ""},
        {Method::post, 200, "", ""},
        {Method::post, 201, "", ""},
        {Method::post, 201, "", "[]"},
        {Method::post, 201, "bytes 0-0/1", ""},
        {Method::post, 201, "*", ""},
        {Method::post, 201, "/", ""},
        {Method::patch, 200, "", ""},
        {Method::patch, 204, "", ""},
        {Method::patch, 201, "*/*", ""},
        {Method::get, 204, "*/*", ""},
    }));
    CAPTURE(status, range, body);
    const auto refused = read_refusal({method, status, range, body}, "uploads");
    REQUIRE(refused);
    CHECK(refused->refusal == Refusal::of_the_table);
    CHECK(refused->error.code() == ErrorCode::configuration);
    CHECK_FALSE(concerns_rows(*refused));
}

TEST_CASE("what the codes of PostgREST 12 to 14 mean", "[postgrest]") {
    const auto c = GENERATE(values<Case>({
        {503, "PGRST000", Refusal::for_now, ErrorCode::unavailable},
        {503, "PGRST001", Refusal::for_now, ErrorCode::unavailable},
        {503, "PGRST002", Refusal::for_now, ErrorCode::unavailable},
        {504, "PGRST003", Refusal::for_now, ErrorCode::unavailable},
        {500, "57014", Refusal::for_now, ErrorCode::unavailable},
        {500, "55P03", Refusal::for_now, ErrorCode::unavailable},
        {500, "40001", Refusal::for_now, ErrorCode::unavailable},
        {500, "40P01", Refusal::for_now, ErrorCode::unavailable},
        {503, "53300", Refusal::for_now, ErrorCode::unavailable},
        {503, "53400", Refusal::for_now, ErrorCode::unavailable},
        {500, "53400", Refusal::for_now, ErrorCode::unavailable},
        {503, "57P01", Refusal::for_now, ErrorCode::unavailable},
        {405, "25006", Refusal::for_now, ErrorCode::unavailable},
        {500, "XX000", Refusal::for_now, ErrorCode::unavailable},
        {400, "22007", Refusal::of_a_row, ErrorCode::rejected},
        {400, "22P02", Refusal::of_a_row, ErrorCode::rejected},
        {400, "22P05", Refusal::of_a_row, ErrorCode::rejected},
        {400, "22001", Refusal::of_a_row, ErrorCode::rejected},
        {400, "23502", Refusal::of_a_row, ErrorCode::rejected},
        {409, "23503", Refusal::of_a_row, ErrorCode::rejected},
        {409, "23505", Refusal::of_a_row, ErrorCode::rejected},
        {400, "23514", Refusal::of_a_row, ErrorCode::rejected},
        {400, "P0001", Refusal::of_a_row, ErrorCode::rejected},
        {400, "PGRST102", Refusal::of_a_row, ErrorCode::rejected},
        {400, "MY001", Refusal::of_the_table, ErrorCode::rejected},
        {500, "HV000", Refusal::of_the_table, ErrorCode::rejected},
        {413, "54000", Refusal::of_size, ErrorCode::rejected},
        {500, "54001", Refusal::of_size, ErrorCode::rejected},
        {401, "PGRST301", Refusal::of_the_key, ErrorCode::unauthenticated},
        {401, "PGRST302", Refusal::of_the_key, ErrorCode::unauthenticated},
        {401, "PGRST303", Refusal::of_the_key, ErrorCode::unauthenticated},
        {400, "22023", Refusal::of_the_key, ErrorCode::unauthenticated},
        {401, "22023", Refusal::of_the_key, ErrorCode::unauthenticated},
        {403, "28000", Refusal::of_the_key, ErrorCode::unauthenticated},
        {401, "42501", Refusal::of_permission, ErrorCode::permission_denied},
        {403, "42501", Refusal::of_permission, ErrorCode::permission_denied},
        {404, "42P01", Refusal::of_the_table, ErrorCode::configuration},
        {404, "PGRST205", Refusal::of_the_table, ErrorCode::configuration},
        {400, "PGRST204", Refusal::of_the_table, ErrorCode::configuration},
        {400, "42703", Refusal::of_the_table, ErrorCode::configuration},
        {400, "42P10", Refusal::of_the_table, ErrorCode::configuration},
        {400, "55000", Refusal::of_the_table, ErrorCode::configuration},
        {500, "PGRST121", Refusal::of_a_row, ErrorCode::rejected},
        {406, "PGRST106", Refusal::of_the_table, ErrorCode::configuration},
        {400, "PGRST100", Refusal::of_the_table, ErrorCode::configuration},
        {400, "21000", Refusal::of_the_table, ErrorCode::configuration},
    }));
    CAPTURE(c.status, c.code);
    const auto refused = refusal_of(c.status, document(c.code));
    REQUIRE(refused);
    CHECK(refused->refusal == c.refusal);
    CHECK(refused->error.code() == c.error);
    CHECK(refused->error.retryable() == (c.refusal == Refusal::for_now));
    CHECK(refused->error.details().http_status == c.status);
    CHECK(refused->error.details().server_code == c.code);
    CHECK_THAT(std::string(refused->error.message()), Catch::Contains(std::to_string(c.status)) &&
                                                          Catch::Contains(c.code) &&
                                                          Catch::Contains("as the server says"));
}

TEST_CASE("which codes a trigger may have raised for a row", "[postgrest]") {
    const auto [status, code, perhaps] = GENERATE(table<int, std::string, bool>({
        {400, "MY001", true},
        {400, "22023", true},
        {401, "22023", false},
        {401, "42501", true},
        {403, "42501", true},
        {403, "28000", true},
        {404, "42883", true},
        {404, "42P01", true},
        {400, "21000", true},
        {401, "PGRST301", false},
        {404, "PGRST205", false},
        {500, "57014", true},
        {500, "55P03", true},
        {500, "40001", true},
        {503, "57P01", false},
        {503, "08006", false},
        {503, "53300", false},
        {503, "PGRST001", false},
    }));
    CAPTURE(status, code);
    const auto refused = refusal_of(status, document(code));
    REQUIRE(refused);
    CHECK(refused->perhaps_of_a_row == perhaps);
    CHECK(concerns_rows(*refused) == perhaps);
    const bool tells_of_triggers = refused->error.message().find("trigger") != std::string_view::npos;
    CHECK(tells_of_triggers == (perhaps && refused->refusal != Refusal::for_now));
}

TEST_CASE("an answer without a code is of the gateway", "[postgrest]") {
    const auto c = GENERATE(values<Case>({
        {401, R"({"message":"No API key found in request","hint":"No header"})", Refusal::of_the_key,
         ErrorCode::unauthenticated},
        {403, R"({"message":"not for you"})", Refusal::of_permission, ErrorCode::permission_denied},
        {403, "<html>blocked by a firewall</html>", Refusal::for_now, ErrorCode::unavailable},
        {403, "", Refusal::for_now, ErrorCode::unavailable},
        {429, R"({"message":"rate limit"})", Refusal::for_now, ErrorCode::rate_limited},
        {408, "", Refusal::for_now, ErrorCode::unavailable},
        {502, "<html><body>502 Bad Gateway</body></html>", Refusal::for_now, ErrorCode::unavailable},
        {500, "", Refusal::for_now, ErrorCode::unavailable},
        {520, "<html>", Refusal::for_now, ErrorCode::unavailable},
        {413, "<html>", Refusal::of_size, ErrorCode::rejected},
        {414, "", Refusal::of_size, ErrorCode::rejected},
        {404, R"({"message":"no Route matched with those values"})", Refusal::of_the_table,
         ErrorCode::configuration},
        {404, "{}", Refusal::of_the_table,
         ErrorCode::configuration},  // a table that PostgREST 12 does not know
        {400, "<html>", Refusal::of_the_table, ErrorCode::configuration},
        {409, "[]", Refusal::of_the_table, ErrorCode::configuration},
        {301, "", Refusal::of_the_table, ErrorCode::configuration},
        {0, "", Refusal::of_the_table, ErrorCode::configuration},
        {404, R"({"code":12,"message":["x"]})", Refusal::of_the_table, ErrorCode::configuration},
        {503, R"({"code":"a code that is far too long to be one"})", Refusal::for_now,
         ErrorCode::unavailable},
    }));
    CAPTURE(c.status, c.code);
    const auto refused = refusal_of(c.status, c.code);
    REQUIRE(refused);
    CHECK(refused->refusal == c.refusal);
    CHECK(refused->error.code() == c.error);
    CHECK(refused->error.details().server_code.empty());
}

TEST_CASE("what the server says is in the message, on one line", "[postgrest]") {
    const auto refused = refusal_of(
        409,
        R"({"code":"23505","details":"Key (x)=(1)\nexists.","hint":"a hint","message":"duplicate\u0007 key"})");
    REQUIRE(refused);
    const std::string message(refused->error.message());
    CHECK_THAT(message,
               Catch::Contains("duplicate") && Catch::Contains("Key (x)") && Catch::Contains("a hint"));
    CHECK(message.find('\n') == std::string::npos);
    CHECK(message.find('\a') == std::string::npos);
}

TEST_CASE("a table without a unique index gets told the SQL, with its name", "[postgrest]") {
    CHECK_THAT(std::string(refusal_of(400, document("42P10"))->error.message()),
               Catch::Contains("CREATE UNIQUE INDEX ON uploads (file_id)"));
    CHECK_THAT(std::string(refusal_of(404, document("PGRST205"))->error.message()),
               Catch::Contains("the table uploads"));
}

TEST_CASE("what a reading is refused for is of no row", "[postgrest]") {
    const auto refused = read_refusal({Method::get, 403, "", document("42501")}, "uploads");
    REQUIRE(refused);
    CHECK_FALSE(concerns_rows(*refused));
}

TEST_CASE("a key that the server repeats is in no message, however long the text before it", "[postgrest]") {
    const std::string key = "sb_secret_0123456789abcdefghijklmnopqrstuvwxyz";
    const Secrets secrets{SecretString(key)};
    const int before = GENERATE(0, 60, 80, 95, 99);
    const auto refused = refusal_of(
        400,
        R"({"code":"22P02","message":")" + std::string(static_cast<std::size_t>(before), 'x') + key + R"("})",
        secrets);
    REQUIRE(refused);
    CHECK(refused->error.message().find("sb_se") == std::string_view::npos);
    CHECK(refused->error.message().find("0123") == std::string_view::npos);
}

TEST_CASE("a key that the server repeats in part, or in another case, is in no message", "[postgrest]") {
    const std::string header = "eyJhbGciOiJIUzI1NiJ9";
    const auto [key, repeated, left] = GENERATE_COPY(table<std::string, std::string, std::string>({
        {"sb_secret_0123456789abcdefgh", "SB_SECRET_0123456789ABCDEFGH", "SB_SECRET_***"},
        {"sb_secret_0123456789abcdefgh", "...9aBcDeFgh, you", "...***, you"},
        {"sb_secret_0123456789abcdefgh", "01234567 and abcdefgh", "*** and ***"},
        {"sb_secret_0123456789abcdefgh", "bcdefgh, sb_secret_", "bcdefgh, sb_secret_"},
        {header + ".eyJyb2xlIjoieCJ9.c2lnbmF0dXJl", "eyJyb2xlIjoieCJ9.c2ln", "***"},
        {header + ".eyJyb2xlIjoieCJ9.c2lnbmF0dXJl", header, header},
    }));
    const Secrets secrets{SecretString(key)};
    const auto refused = refusal_of(400, R"({"code":"22P02","message":"[)" + repeated + R"(]"})", secrets);
    REQUIRE(refused);
    CHECK_THAT(std::string(refused->error.message()), Catch::Contains("[" + left + "]"));
}

TEST_CASE("how long the server wants not to be asked", "[postgrest]") {
    using std::chrono::seconds;
    CHECK(read_retry_after("0") == seconds(0));
    CHECK(read_retry_after("120") == seconds(120));
    CHECK(read_retry_after("999999") == seconds(3600));
    CHECK_FALSE(read_retry_after(""));
    CHECK_FALSE(read_retry_after("-1"));
    CHECK_FALSE(read_retry_after("1.5"));
    CHECK_FALSE(read_retry_after("99999999999999999999"));
    CHECK_FALSE(read_retry_after("Wed, 21 Oct 2026 07:28:00 GMT"));
}

TEST_CASE("a status without a code is of a row where a gateway may have refused what the request holds",
          "[postgrest]") {
    const auto [status, body, refusal, is_perhaps] = GENERATE(table<int, std::string, Refusal, bool>({
        {422, R"({"message":"no"})", Refusal::of_the_table, true},
        {409, R"({"code":"HELD","message":"held"})", Refusal::of_the_table, true},
        {403, R"({"message":"no"})", Refusal::of_permission, true},
        {401, R"({"message":"no"})", Refusal::of_the_key, false},
        {404, R"({"message":"no"})", Refusal::of_the_table, false},
        {422, "<html>no</html>", Refusal::of_the_table, false},
        // As PostgreSQL is stopped in the middle of a request.
        {400, R"({"code":"","details":null,"hint":null,"message":""})", Refusal::for_now, false},
    }));
    CAPTURE(status, body);
    const auto refused = read_refusal({Method::post, status, "", body}, "uploads");
    REQUIRE(refused);
    CHECK(refused->refusal == refusal);
    CHECK(refused->perhaps_of_a_row == is_perhaps);
}
