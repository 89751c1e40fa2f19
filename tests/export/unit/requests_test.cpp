#include "export/protocol/requests.h"

#include <catch2/catch.hpp>
#include <string>

#include "export/protocol/form.h"

using namespace filestore;
using namespace filestore::provider;

namespace {

Place place_of(std::string_view name, std::string base_url = "https://api.example") {
    return {find_profile(name).value(), std::move(base_url)};
}

std::string header(const Outgoing& request, std::string_view name) {
    for (const HeaderField& field : request.headers) {
        if (field.name == name) {
            return field.value;
        }
    }
    return {};
}

const OutgoingFile report{"report.txt", "text/plain", 5, "user_data", std::chrono::seconds(3600)};
const OutgoingFile plain_report{"report.txt", "text/plain", 5, "", std::nullopt};

}  // namespace

TEST_CASE("a form around a file", "[export]") {
    const FormField fields[]{{"one", "1"}, {"t\"w\r\no", "2"}};
    const auto form = form_around("b0", fields, {"file", "a\"\r\n\xC3\xA4.txt", "text/plain"});
    CHECK(form.content_type == "multipart/form-data; boundary=b0");
    CHECK(form.head ==
          "--b0\r\nContent-Disposition: form-data; name=\"one\"\r\n\r\n1\r\n"
          "--b0\r\nContent-Disposition: form-data; name=\"t%22w%0D%0Ao\"\r\n\r\n2\r\n"
          "--b0\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a%22%0D%0A\xC3\xA4.txt\"\r\n"
          "Content-Type: text/plain\r\n\r\n");
    CHECK(form.tail == "\r\n--b0--\r\n");
}

TEST_CASE("a file in a form", "[export]") {
    SECTION("openai") {
        const auto request = send_in_form(place_of("openai", "https://api.example/v1"), report, "b0");
        CHECK(request.verb == Verb::post);
        CHECK(request.url == "https://api.example/v1/files");
        CHECK(header(request, "content-type") == "multipart/form-data; boundary=b0");
        CHECK(request.file_bytes == 5);
        CHECK(request.head ==
              "--b0\r\nContent-Disposition: form-data; name=\"purpose\"\r\n\r\nuser_data\r\n"
              "--b0\r\nContent-Disposition: form-data; name=\"expires_after[anchor]\"\r\n\r\ncreated_at\r\n"
              "--b0\r\nContent-Disposition: form-data; name=\"expires_after[seconds]\"\r\n\r\n3600\r\n"
              "--b0\r\nContent-Disposition: form-data; name=\"file\"; filename=\"report.txt\"\r\n"
              "Content-Type: text/plain\r\n\r\n");
    }
    SECTION("anthropic") {
        OutgoingFile file = plain_report;
        file.expires_in = std::chrono::seconds(7200);
        const auto request = send_in_form(place_of("anthropic"), file, "b0");
        CHECK(request.url == "https://api.example/v1/files");
        CHECK(header(request, "anthropic-beta") == "files-api-2025-04-14");
        CHECK(header(request, "anthropic-version") == "2023-06-01");
        CHECK(request.head ==
              "--b0\r\nContent-Disposition: form-data; name=\"expires_in_seconds\"\r\n\r\n7200\r\n"
              "--b0\r\nContent-Disposition: form-data; name=\"file\"; filename=\"report.txt\"\r\n"
              "Content-Type: text/plain\r\n\r\n");
        CHECK(send_in_form(place_of("anthropic"), plain_report, "b0").head.find("expires") ==
              std::string::npos);
    }
}

TEST_CASE("a file in parts", "[export]") {
    const Place place = place_of("openai", "https://api.example/v1");
    const auto begun = begin_parts(place, report);
    CHECK(begun.url == "https://api.example/v1/uploads");
    CHECK(header(begun, "content-type") == "application/json");
    CHECK(
        begun.head ==
        R"({"bytes":5,"filename":"report.txt","mime_type":"text/plain","purpose":"user_data","expires_after":{"anchor":"created_at","seconds":3600}})");
    const auto part = send_part(place, "upload_1/2", 3, "b0");
    CHECK(part.url == "https://api.example/v1/uploads/upload_1%2F2/parts");
    CHECK(part.file_bytes == 3);
    CHECK(part.head ==
          "--b0\r\nContent-Disposition: form-data; name=\"data\"; filename=\"upload\"\r\n"
          "Content-Type: application/octet-stream\r\n\r\n");
    const std::string parts[]{"part_1", "part_2"};
    const auto completed = complete_parts(place, "upload_1", parts);
    CHECK(completed.url == "https://api.example/v1/uploads/upload_1/complete");
    CHECK(completed.head == R"({"part_ids":["part_1","part_2"]})");
    const auto cancelled = cancel_parts(place, "upload_1");
    CHECK(cancelled.verb == Verb::post);
    CHECK(cancelled.url == "https://api.example/v1/uploads/upload_1/cancel");
    CHECK(cancelled.head.empty());
}

TEST_CASE("a file in a session", "[export]") {
    const auto begun = begin_session(place_of("gemini"), plain_report);
    CHECK(begun.url == "https://api.example/upload/v1beta/files");
    CHECK(header(begun, "x-goog-upload-protocol") == "resumable");
    CHECK(header(begun, "x-goog-upload-command") == "start");
    CHECK(header(begun, "x-goog-upload-header-content-length") == "5");
    CHECK(header(begun, "x-goog-upload-header-content-type") == "text/plain");
    CHECK(begun.head == R"({"file":{"display_name":"report.txt","mime_type":"text/plain","size_bytes":5}})");
    const auto sent = send_to_session("https://api.example/up?id=1", 2, 3);
    CHECK(sent.url == "https://api.example/up?id=1");
    CHECK(header(sent, "x-goog-upload-command") == "upload, finalize");
    CHECK(header(sent, "x-goog-upload-offset") == "2");
    CHECK(sent.file_bytes == 3);
    CHECK(header(ask_session("https://api.example/up?id=1"), "x-goog-upload-command") == "query");
}

TEST_CASE("lists and removals", "[export]") {
    const std::string openai = "https://api.openai.com/v1";
    CHECK(list_files(place_of("openai", openai), {}).url == openai + "/files?limit=1000");
    CHECK(list_files(place_of("openai"), {}).url == "https://api.example/files?limit=100");
    CHECK(list_files(place_of("openai"), {"after=a", "file-extract"}).url ==
          "https://api.example/files?limit=100&purpose=file-extract&after=a");
    CHECK(list_files(place_of("anthropic"), {"page=p%3D"}).url ==
          "https://api.example/v1/files?limit=1000&page=p%3D");
    CHECK(list_files(place_of("gemini"), {}).url == "https://api.example/v1beta/files?pageSize=100");
    CHECK(remove_file(place_of("openai"), "file-1").url == "https://api.example/files/file-1");
    CHECK(remove_file(place_of("openai"), "../x?y").url == "https://api.example/files/..%2Fx%3Fy");
    CHECK(remove_file(place_of("gemini"), "files/abc").url == "https://api.example/v1beta/files/abc");
    CHECK(remove_file(place_of("gemini"), "files/abc").verb == Verb::remove);
}

TEST_CASE("keys go into their header, or nowhere", "[export]") {
    CHECK(key_header(*place_of("openai").profile, "sk-1").value().value == "Bearer sk-1");
    CHECK(key_header(*place_of("anthropic").profile, "sk-1").value().name == "x-api-key");
    CHECK(key_header(*place_of("gemini").profile, "AI").value().name == "x-goog-api-key");
    for (const char* bad : {"", "two words", "line\nbreak", "\xC3\xA4"}) {
        const auto made = key_header(*place_of("openai").profile, bad);
        REQUIRE_FALSE(made.ok());
        CHECK(made.error().code() == ErrorCode::unauthenticated);
        CHECK((*bad == '\0' || std::string(made.error().message()).find(bad) == std::string::npos));
    }
}
