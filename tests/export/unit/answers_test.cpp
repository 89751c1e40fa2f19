#include "export/protocol/answers.h"

#include <catch2/catch.hpp>
#include <cstdint>
#include <optional>
#include <string>

#include "export/protocol/list_walk.h"

using namespace filestore;
using namespace filestore::provider;

namespace {

const Profile& profile_of(std::string_view name) {
    return *find_profile(name).value();
}

Timestamp time_of(std::string_view text) {
    return parse_timestamp(text).value();
}

}  // namespace

TEST_CASE("a file that was made", "[export]") {
    CHECK(
        read_file(
            profile_of("openai"),
            R"({"id":"file-1","object":"file","bytes":5,"created_at":1,"expires_at":1700003600,"filename":"a.txt","purpose":"user_data","status_details":null})")
            .value() ==
        RemoteFile{"file-1", "a.txt", time_of("2023-11-14T23:13:20Z"), 5, time_of("1970-01-01T00:00:01Z")});
    CHECK(read_file(profile_of("openai"),
                    R"({"id":"upload_1","status":"completed","file":{"id":"file-2","filename":"b"}})")
              .value() == RemoteFile{"file-2", "b", std::nullopt});
    CHECK(
        read_file(
            profile_of("anthropic"),
            R"({"id":"file_011","type":"file","filename":"a","created_at":"2025-04-15T18:37:24.100435Z","expires_at":"2026-01-01T00:00:00Z"})")
            .value() == RemoteFile{"file_011", "a", time_of("2026-01-01T00:00:00Z"), std::nullopt,
                                   time_of("2025-04-15T18:37:24.100435Z")});
    CHECK(
        read_file(
            profile_of("gemini"),
            R"({"file":{"name":"files/abc","displayName":"a","createTime":"2026-01-01T00:00:00.5Z","expirationTime":"2026-01-03T00:00:00.5Z","uri":"u"}})")
            .value() == RemoteFile{"files/abc", "a", time_of("2026-01-03T00:00:00.5Z"), std::nullopt,
                                   time_of("2026-01-01T00:00:00.5Z")});
}

TEST_CASE("the size of a file, where it is told", "[export]") {
    struct Case {
        const char* profile;
        const char* json;
        std::optional<std::uint64_t> size;
    };
    const auto given = GENERATE(values<Case>({
        {"openai", R"({"id":"f","bytes":0})", 0},
        {"openai", R"({"id":"f","bytes":4294967296})", std::uint64_t{1} << 32U},
        {"openai", R"({"id":"f","bytes":null})", std::nullopt},
        {"openai", R"({"id":"f","bytes":-1})", std::nullopt},
        {"openai", R"({"id":"f","size":5})", std::nullopt},
        {"openai", R"({"id":"u","bytes":7,"file":{"id":"f","bytes":5}})", 5},
        {"anthropic", R"({"id":"f","size_bytes":5})", 5},
        {"gemini", R"({"file":{"name":"files/f","sizeBytes":"5"}})", 5},
        {"gemini", R"({"file":{"name":"files/f","sizeBytes":"5 bytes"}})", std::nullopt},
    }));
    CAPTURE(given.profile, given.json);
    const auto file = read_file(profile_of(given.profile), given.json).value();
    CHECK(file.size == given.size);
    CHECK(may_be_whole(file, 5) == (!given.size || *given.size == 5));
}

TEST_CASE("answers that are none", "[export]") {
    const std::string deep(200'000, '[');
    for (const std::string& bad :
         {std::string(), std::string("[]"), std::string("null"), std::string(R"({"id":5})"),
          std::string(R"({"id":""})"), std::string(R"({"id":"a b"})"), std::string(R"({"id":"a\nb"})"),
          std::string(R"({"id":".."})"), std::string(R"({"id":"."})"), std::string(R"({"id":"a/../b"})"),
          std::string("<html>"), std::string(R"({"id":"file-1")"), std::string("{\"id\":\"\xFF\"}"),
          R"({"id":)" + deep, R"({"id":")" + std::string(600, 'a') + "\"}"}) {
        CAPTURE(bad.substr(0, 40));
        const auto file = read_file(profile_of("openai"), bad);
        REQUIRE_FALSE(file.ok());
        CHECK(file.error().code() == ErrorCode::corrupt);
        CHECK_FALSE(read_id(bad).ok());
    }
    CHECK(read_id(R"({"id":"part_1"})").value() == "part_1");
    CHECK(read_file(profile_of("openai"),
                    R"({"id":"f","expires_at":null,"x":{"id":"g","y":[[{"id":"h"}]]},"z":[1,[2]]})")
              .value() == RemoteFile{"f", "", std::nullopt});
}

TEST_CASE("the ID of an upload is none of a file", "[export]") {
    const auto of = [](std::string_view json) { return read_file_of_upload(profile_of("openai"), json); };
    CHECK(of(R"({"id":"upload_1","file":{"id":"file-1"}})").value().id == "file-1");
    for (const char* bad :
         {R"({"id":"upload_1","file":null})", R"({"id":"upload_1"})", R"({"id":"u","file":{}})"}) {
        CHECK(of(bad).error().code() == ErrorCode::corrupt);
    }
}

TEST_CASE("a list leads through all files, or is given up", "[export]") {
    const auto page = [](std::initializer_list<const char*> ids, const char* cursor,
                         std::optional<std::uint64_t> total = {}) {
        RemoteList list;
        for (const char* const file_id : ids) {
            list.files.push_back({file_id});
        }
        list.first_id = list.files.empty() ? "" : list.files.front().id;
        list.cursor = cursor;
        list.total = total;
        return list;
    };
    SECTION("by cursors") {
        ListWalk walk(profile_of("openai"));
        CHECK(walk.cursor().empty());
        REQUIRE(walk.take(page({"a"}, "after=a")).ok());
        CHECK(walk.cursor() == "after=a");
        CHECK_FALSE(walk.is_over());
        REQUIRE(walk.take(page({"b"}, "")).ok());
        CHECK(walk.is_over());
    }
    SECTION("by numbers") {
        ListWalk walk(profile_of("openai"));
        REQUIRE(walk.take(page({"a", "b"}, "", 3)).ok());
        CHECK(walk.cursor() == "page=1");
        CHECK_FALSE(walk.is_over());
        REQUIRE(walk.take(page({"c"}, "", 3)).ok());
        CHECK_FALSE(walk.is_over());
        CHECK(walk.was_read());
        CHECK(walk.cursor().empty());
        REQUIRE(walk.take(page({"a", "b"}, "", 3)).ok());
        CHECK_FALSE(walk.was_read());
        REQUIRE(walk.take(page({"c"}, "", 3)).ok());
        CHECK(walk.is_over());
    }
    SECTION("by numbers, of one page") {
        ListWalk walk(profile_of("openai"));
        REQUIRE(walk.take(page({"a", "b"}, "", 2)).ok());
        CHECK(walk.is_over());
    }
    SECTION("by numbers, while a file goes") {
        ListWalk walk(profile_of("openai"));
        // Of a, b, c, d, where b goes behind the first page: c is on none.
        REQUIRE(walk.take(page({"a", "b"}, "", 4)).ok());
        REQUIRE(walk.take(page({"d"}, "", 3)).ok());
        for (int reading = 0; reading < 2; ++reading) {
            CHECK_FALSE(walk.is_over());
            REQUIRE(walk.take(page({"a", "c"}, "", 3)).ok());
            REQUIRE(walk.take(page({"d"}, "", 3)).ok());
        }
        CHECK(walk.is_over());
    }
    SECTION("by numbers, of a list that never rests") {
        ListWalk walk(profile_of("openai"));
        Result<void> taken;
        int readings = 0;
        for (; taken.ok() && readings < 100; ++readings) {
            REQUIRE(walk.take(page({"a"}, "", 2)).ok());
            const std::string last = std::to_string(readings);
            taken = walk.take(page({last.c_str()}, "", 2));
        }
        CHECK(readings == 8);
        REQUIRE_FALSE(taken.ok());
        CHECK(taken.error().code() == ErrorCode::corrupt);
    }
    SECTION("by cursors, of a list that tells of more files than it has") {
        ListWalk walk(profile_of("openai"));
        REQUIRE(walk.take(page({"a"}, "after=a", 9)).ok());
        CHECK_FALSE(walk.was_read());
        REQUIRE(walk.take(page({"b"}, "", 9)).ok());
        CHECK(walk.is_over());
        CHECK(walk.was_read());
    }
    SECTION("files of one name, and of IDs that nobody takes") {
        ListWalk walk(profile_of("openai"));
        const auto of = [](const char* json) { return read_list(profile_of("openai"), json).value(); };
        REQUIRE(walk.take(of(R"({"data":[{"id":"a b","filename":"x"}],"has_more":true})")).ok());
        CHECK(walk.cursor() == "after=a%20b");
        REQUIRE(walk.take(of(R"({"data":[{"id":"a c","filename":"x"}],"has_more":false})")).ok());
        CHECK(walk.is_over());
    }
    SECTION("pages of Google may be empty") {
        ListWalk walk(profile_of("gemini"));
        REQUIRE(walk.take(page({}, "pageToken=1")).ok());
        REQUIRE(walk.take(page({}, "pageToken=2")).ok());
        REQUIRE(walk.take(page({}, "")).ok());
        CHECK(walk.is_over());
    }
    SECTION("a cursor that comes again") {
        ListWalk walk(profile_of("gemini"));
        REQUIRE(walk.take(page({"a"}, "pageToken=1")).ok());
        CHECK_FALSE(walk.take(page({"b"}, "pageToken=1")).ok());
    }
    SECTION("the same page again") {
        ListWalk walk(profile_of("openai"));
        REQUIRE(walk.take(page({"a", "b"}, "", 3)).ok());
        CHECK_FALSE(walk.take(page({"a", "b"}, "", 3)).ok());
    }
    SECTION("fewer files than it tells of") {
        ListWalk walk(profile_of("openai"));
        REQUIRE(walk.take(page({"a"}, "", 3)).ok());
        const auto end = walk.take(page({}, "", 3));
        REQUIRE_FALSE(end.ok());
        CHECK_THAT(std::string(end.error().message()), Catch::Contains("1 files of 3"));
    }
}

TEST_CASE("lists, page by page", "[export]") {
    const auto of = [](std::string_view name, std::string_view json) {
        return read_list(profile_of(name), json).value();
    };
    auto list = of(
        "openai",
        R"({"object":"list","data":[{"id":"file-2","filename":"b"},{"id":"file-1","filename":"a"}],"has_more":true})");
    CHECK(list.files == std::vector<RemoteFile>{{"file-2", "b", {}}, {"file-1", "a", {}}});
    CHECK(list.cursor == "after=file-1");
    CHECK(of("openai", R"({"data":[],"has_more":false})").cursor.empty());
    // Services that are compatible may leave it out.
    CHECK(of("openai", R"({"data":[{"id":"f"}]})").cursor.empty());
    CHECK(of("openai", R"({"data":[{"id":"f"}],"pagination_token":"t"})").cursor == "pagination_token=t");
    CHECK(of("openai", R"({"data":[{"id":"f"}],"pagination_token":null})").cursor.empty());
    CHECK(of("openai", R"({"data":[{"id":"f"}],"total":3})").total == 3);
    CHECK(of("anthropic", R"({"data":[{"id":"f"}],"has_more":true,"last_id":"f"})").cursor == "after_id=f");
    CHECK(of("anthropic", R"({"data":[{"id":"f"}],"next_page":"page_1="})").cursor == "page=page_1%3D");
    CHECK(of("anthropic", R"({"data":[{"id":"f"}],"next_page":null})").cursor.empty());
    list = of("gemini", R"({"files":[{"name":"files/a","displayName":"x"}],"nextPageToken":"t/1"})");
    CHECK(list.files.front().name == "x");
    CHECK(list.cursor == "pageToken=t%2F1");
    CHECK(of("gemini", "{}").files.empty());
    // Somebody else's file whose ID is none does not keep ours from being found, and the list goes on behind it.
    list = of("openai", R"({"data":[{"id":"f"},{"id":"a b","filename":"x"}],"has_more":true})");
    CHECK(list.files == std::vector<RemoteFile>{{"f", "", {}}, {"", "x", {}}});
    CHECK(list.cursor == "after=a%20b");
    for (const char* bad : {"{}", R"({"data":5})", R"({"data":[],"has_more":true})",
                            R"({"data":[{"filename":"a"}],"has_more":true})"}) {
        CHECK_FALSE(read_list(profile_of("openai"), bad).ok());
    }
}

TEST_CASE("sessions stay where they were asked for", "[export]") {
    const Place place{&profile_of("gemini"), "http://127.0.0.1:8080/proxy"};
    CHECK(read_session_url(place, "https://generativelanguage.googleapis.com/upload/v1beta/files?upload_id=1")
              .value() == "http://127.0.0.1:8080/proxy/upload/v1beta/files?upload_id=1");
    CHECK(read_session_url(place, "http://127.0.0.1:8080/proxy/upload?id=1").value() ==
          "http://127.0.0.1:8080/proxy/upload?id=1");
    CHECK(read_session_url(place, "http://127.0.0.1:8080/sessions/1").value() ==
          "http://127.0.0.1:8080/sessions/1");
    CHECK(read_session_url({&profile_of("gemini"), "https://other"}, "https://host/proxy/up").value() ==
          "https://other/proxy/up");
    for (const char* bad : {"", "/upload", "https://host", "https://h/a b", "https://h/a\r\nx: y"}) {
        CHECK_FALSE(read_session_url(place, bad).ok());
    }
    CHECK(read_session_state("final", "").value().is_final);
    CHECK(read_session_state("active", "42").value().received == 42);
    for (const auto& [status, received] :
         {std::pair("active", ""), {"active", "-1"}, {"active", "4x"}, {"", "4"}, {"cancelled", "4"}}) {
        CHECK_FALSE(read_session_state(status, received).ok());
    }
}

TEST_CASE("what refusals mean", "[export]") {
    struct Case {
        int status;
        ErrorCode code;
        bool retryable;
    };
    const auto given = GENERATE(values<Case>({
        {400, ErrorCode::invalid_argument, false},
        {401, ErrorCode::unauthenticated, false},
        {403, ErrorCode::permission_denied, false},
        {404, ErrorCode::configuration, false},
        {405, ErrorCode::configuration, false},
        {409, ErrorCode::rejected, false},
        {413, ErrorCode::rejected, false},
        {429, ErrorCode::rate_limited, true},
        {500, ErrorCode::unavailable, true},
        {503, ErrorCode::unavailable, true},
        {529, ErrorCode::unavailable, true},
    }));
    const Secrets secrets{SecretString("sk-marker")};
    const auto error = error_of(
        profile_of("openai"),
        {given.status, R"({"error":{"message":"no: sk-marker and sk-mar","type":"bad_thing","code":null}})",
         "req_1"},
        secrets);
    CHECK(error.code() == given.code);
    CHECK(error.retryable() == given.retryable);
    CHECK(error.details().http_status == given.status);
    CHECK(error.details().server_code == "bad_thing");
    CHECK(error.details().request_id == "req_1");
    const std::string message(error.message());
    CHECK(message.find("openai answered " + std::to_string(given.status)) == 0);
    CHECK(message.find("sk-marker") == std::string::npos);
    const bool is_about_the_key = given.status == 401 || given.status == 403;
    CHECK((message.find("sk-mar") == std::string::npos) == is_about_the_key);
}

TEST_CASE("a file is removed where the provider says so", "[export]") {
    struct Case {
        const char* profile;
        int status;
        const char* body;
        bool is_removed;
    };
    const auto given = GENERATE(values<Case>({
        {"openai", 200, R"({"id":"f","object":"file","deleted":true})", true},
        {"openai", 204, "", true},
        {"openai", 200, "", false},
        {"openai", 200, R"({"id":"f","deleted":false})", false},
        {"openai", 200, R"({"id":"g","deleted":true})", false},
        {"openai", 200, R"({"deleted":true})", false},
        {"openai", 200, "<html>", false},
        {"anthropic", 200, R"({"id":"f","type":"file_deleted"})", true},
        {"anthropic", 200, R"({"id":"f","type":"file"})", false},
        {"anthropic", 200, R"({"id":"g","type":"file_deleted"})", false},
        {"anthropic", 204, "", false},
        {"gemini", 200, "{}", true},
        {"gemini", 200, "", true},
        {"gemini", 200, R"({"name":"files/f"})", false},
        {"gemini", 200, "<html>", false},
    }));
    CAPTURE(given.profile, given.status, given.body);
    const auto read = read_removal(profile_of(given.profile), "f", {given.status, given.body});
    REQUIRE(read.ok() == given.is_removed);
    CHECK((read.ok() || read.error().code() == ErrorCode::corrupt));
}

TEST_CASE("only the API itself may know that a file is missing", "[export]") {
    struct Case {
        const char* profile;
        int status;
        const char* body;
        bool may_be_missing;
    };
    const auto given = GENERATE(values<Case>({
        {"openai", 404,
         R"({"error":{"message":"No such File object: f","type":"invalid_request_error","param":"id","code":null}})",
         true},
        {"openai", 404, R"({"object":"error","message":"No file","type":"not_found","code":1})", true},
        {"openai", 404, R"({"error":{"message":"<proxy>"}})", true},
        {"openai", 404, R"({"error":{"message":"No file","code":404}})", true},
        {"openai", 404, R"({"error":"No file"})", true},
        {"openai", 404, R"({"message":"No file","code":404})", true},
        {"openai", 404, R"({"detail":"Not Found"})", true},
        {"openai", 410, R"({"detail":[{"msg":"gone"}]})", true},
        {"openai", 403, R"({"detail":"Not Found"})", false},
        {"openai", 404, R"({"status":404})", false},
        {"openai", 404, "[]", false},
        {"openai", 404, "<html>", false},
        {"openai", 404, "", false},
        {"openai", 403, R"({"error":{"message":"no","type":"invalid_request_error"}})", false},
        {"anthropic", 404,
         R"({"type":"error","error":{"type":"not_found_error","message":"File not found"}})", true},
        {"anthropic", 404, R"({"error":{"type":"proxy_error","message":"no route"}})", false},
        {"gemini", 404, R"({"error":{"code":404,"message":"no","status":"NOT_FOUND"}})", true},
        {"gemini", 404, R"({"error":{"code":404,"message":"no"}})", false},
        {"gemini", 403,
         R"({"error":{"code":403,"message":"You do not have permission to access the File f or it may not exist.","status":"PERMISSION_DENIED"}})",
         true},
        {"gemini", 403, R"({"error":{"code":403,"message":"no","status":"SERVICE_DISABLED"}})", false},
        {"gemini", 400, R"({"error":{"code":400,"message":"no","status":"PERMISSION_DENIED"}})", false},
    }));
    CAPTURE(given.profile, given.status, given.body);
    const RemovalReply reply{given.status, given.body};
    CHECK(may_say_missing(profile_of(given.profile), reply) == given.may_be_missing);
}

TEST_CASE("refusals without a document", "[export]") {
    for (const char* body : {"", "<html>", "[]", "{}"}) {
        const auto error = error_of(profile_of("gemini"), {500, body, ""}, {});
        CHECK(error.message() == "gemini answered 500");
    }
    CHECK(error_of(profile_of("gemini"),
                   {400, R"({"error":{"code":400,"message":"Bad","status":"INVALID_ARGUMENT"}})", ""}, {})
              .details()
              .server_code == "INVALID_ARGUMENT");
}

TEST_CASE("what compatible services say of a refusal", "[export]") {
    struct Case {
        int status;
        const char* body;
        const char* told;
    };
    const auto given = GENERATE(values<Case>({
        {400, R"({"error":"the purpose is not supported"})", ": 'the purpose is not supported'"},
        {422, R"({"detail":"too long"})", ": 'too long'"},
        {422, R"({"detail":[{"loc":["purpose"],"msg":"must be ocr"}]})", ": 'must be ocr'"},
        {422, R"({"object":"error","message":{"detail":[{"msg":"must be ocr"}]},"type":"invalid"})",
         " 'invalid'"},
        {400, R"({"request":{"authorization":"Bearer sk-mark\u0065r"}})", ""},
        {400, R"({"code":"invalid_key","error":"Incorrect API key provided: xa***bc"})", " 'invalid_key'"},
        {400, R"({"error":{"message":"no such api_key: sk-ab","type":"bad"}})", " 'bad'"},
    }));
    const Secrets secrets{SecretString("sk-marker")};
    const auto error = error_of(profile_of("openai"), {given.status, given.body, ""}, secrets);
    CHECK(error.message() == "openai answered " + std::to_string(given.status) + given.told);
}
