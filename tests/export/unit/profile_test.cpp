#include "export/protocol/profile.h"

#include <catch2/catch.hpp>
#include <string>

#include "core/ascii.h"
#include "core/text.h"

using namespace filestore;
using namespace filestore::provider;

namespace {

const Profile& profile_of(std::string_view name) {
    return *find_profile(name).value();
}

OutgoingFile file_of(const Profile& profile) {
    OutgoingFile file;
    file.name = "report.pdf";
    file.content_type = "application/pdf";
    file.size = 5;
    file.purpose = profile.default_purpose;
    return file;
}

const FileId id = FileId::parse("0b8f6c1e-5d2a-4f3b-9c7d-8e1f2a3b4c5d").value();

}  // namespace

TEST_CASE("providers are found by name", "[export]") {
    for (const Profile& profile : profiles()) {
        CHECK(find_profile(profile.name).value() == &profile);
        CHECK(check_file(profile, file_of(profile)).ok());
        CHECK(resolve_base_url(profile, profile.base_url, false).value() == profile.base_url);
        CHECK(resolve_base_url(profile, "", false).value() == profile.base_url);
    }
    const auto unknown = find_profile("opnai");
    REQUIRE_FALSE(unknown.ok());
    CHECK(unknown.error().code() == ErrorCode::invalid_argument);
    CHECK(unknown.error().message().find("did you mean openai?") != std::string_view::npos);
}

TEST_CASE("what a provider does not take is refused by name", "[export]") {
    struct Case {
        const char* profile;
        const char* purpose;
        const char* name;
        const char* type;
        std::uint64_t size;
        const char* refused;
        const char* words;
    };
    constexpr std::uint64_t mib = 1U << 20U;
    const auto given = GENERATE(values<Case>({
        {"openai", "user_data", "a", "application/octet-stream", 8192 * mib, "", ""},
        {"openai", "user_data", "a", "text/plain", 8192 * mib + 1, "size",
         "8589934593 bytes, and openai takes at most 8589934592"},
        {"openai", "batch", "a.JSONL", "text/plain", 200 * mib, "", ""},
        {"openai", "batch", "a.jsonl", "text/plain", 200 * mib + 1, "size",
         "openai for batch takes at most 209715200 bytes"},
        {"openai", "batch", "a.json", "application/json", 5, "type", "names that end in .jsonl"},
        {"openai", "fine-tune", "a.csv", "text/csv", 5, "type", "'a.csv'"},
        {"openai", "vision", "a.png", "Image/PNG; x=y", 5, "", ""},
        {"openai", "vision", "a.pdf", "application/pdf", 5, "type",
         "image/gif, image/jpeg, image/png, image/webp"},
        {"anthropic", "", "a", "application/octet-stream", 500 * mib, "", ""},
        {"anthropic", "", "a", "text/plain", 500 * mib + 1, "size",
         "anthropic takes at most 524288000 bytes"},
        {"gemini", "", "a", "video/mp4", 2048 * mib, "", ""},
        {"gemini", "", "a", "video/mp4", 2048 * mib + 1, "size", "gemini takes at most 2147483648 bytes"},
        {"gemini", "", "a", "application/octet-stream", 5, "type", "'application/octet-stream'"},
    }));
    const Profile& profile = profile_of(given.profile);
    OutgoingFile file;
    file.name = given.name;
    file.content_type = given.type;
    file.size = given.size;
    file.purpose = given.purpose;
    const auto checked = check_file(profile, file);
    CAPTURE(given.profile, given.name, given.type, given.size);
    REQUIRE(checked.ok() == (*given.refused == '\0'));
    if (!checked.ok()) {
        CHECK(checked.error().code() == ErrorCode::rejected);
        CHECK(checked.error().details().server_code == given.refused);
        CHECK(std::string(checked.error().message()).find(given.words) != std::string::npos);
    }
}

TEST_CASE("purposes and lifetimes that cannot be", "[export]") {
    struct Case {
        const char* profile;
        const char* purpose;
        int seconds;
        bool is_right;
    };
    const auto given = GENERATE(values<Case>({
        {"openai", "file-extract", 0, true},
        {"openai", "", 0, false},
        {"openai", "User Data", 0, false},
        {"openai", "a\r\nb", 0, false},
        {"anthropic", "user_data", 0, false},
        {"gemini", "user_data", 0, false},
        {"openai", "user_data", 3600, true},
        {"openai", "user_data", 3599, false},
        {"openai", "user_data", 2592000, true},
        {"openai", "user_data", 2592001, false},
        {"anthropic", "", 7776000, true},
        {"anthropic", "", 7776001, false},
        {"gemini", "", 3600, false},
    }));
    const Profile& profile = profile_of(given.profile);
    OutgoingFile file = file_of(profile);
    file.purpose = given.purpose;
    if (given.seconds != 0) {
        file.expires_in = std::chrono::seconds(given.seconds);
    }
    const auto checked = check_file(profile, file);
    CAPTURE(given.profile, given.purpose, given.seconds);
    REQUIRE(checked.ok() == given.is_right);
    if (!checked.ok()) {
        CHECK(checked.error().code() == ErrorCode::invalid_argument);
    }
}

TEST_CASE("base URLs", "[export]") {
    struct Case {
        const char* given;
        const char* base;
    };
    const auto given = GENERATE(values<Case>({
        {"https://api.moonshot.example/v1", "https://api.moonshot.example/v1"},
        {"https://api.moonshot.example/v1//", "https://api.moonshot.example/v1"},
        {"http://127.0.0.1:8080", "http://127.0.0.1:8080"},
        {"http://[::1]:8080/v1/", "http://[::1]:8080/v1"},
        {"http://localhost/v1", "http://localhost/v1"},
        {"http://127.0.0.1.evil.example/v1", nullptr},
        {"http://api.example/v1", nullptr},
        {"https://user@api.example/v1", nullptr},
        {"https://api.example/v1?x=y", nullptr},
        {"https://", nullptr},
        {"https://:80/", nullptr},
        {"https://api.example:99999/v1", nullptr},
        {"https://api.example:abc/v1", nullptr},
        {"http://[::1].evil/v1", nullptr},
        {"ftp://api.example", nullptr},
        {"api.example/v1", nullptr},
    }));
    const auto resolved = resolve_base_url(profile_of("openai"), given.given, false);
    CAPTURE(given.given);
    REQUIRE(resolved.ok() == (given.base != nullptr));
    if (resolved.ok()) {
        CHECK(*resolved == given.base);
    } else {
        CHECK(resolved.error().code() == ErrorCode::invalid_argument);
    }
    CHECK(resolve_base_url(profile_of("openai"), "http://api.example/v1", true).ok());
}

TEST_CASE("names carry the file's ID and the mark of the copy", "[export]") {
    const std::string text = id.str() + "-0a1b2c3d";
    struct Case {
        std::string given;
        std::string sent;
    };
    const auto given = GENERATE_COPY(values<Case>({
        {"report.pdf", "report-" + text + ".pdf"},
        {"/tmp/a b/report.tar.gz", "report.tar-" + text + ".gz"},
        {"C:\\files\\report.pdf", "report-" + text + ".pdf"},
        {"", text},
        {"dir/", text},
        {".bashrc", ".bashrc-" + text},
        {"no extension", "no_extension-" + text},
        {"a\"b:c|d?.txt", "a_b_c_d_-" + text + ".txt"},
        {"line\r\nbreak%0A.txt", "line_break_0A-" + text + ".txt"},
        {"M\xC3\xA4rz__1.TXT", "M_rz_1-" + text + ".TXT"},
        {"\xE5\xAD\xA3\xE5\xBA\xA6.pdf", text + ".pdf"},
        {"\xC3\xA4\xFF", text},
        {"a.not-an-extension-of-a-file", "a.not-an-extension-of-a-file-" + text},
    }));
    CHECK(sent_name(id, "0a1b2c3d", given.given) == given.sent);
    CHECK(is_copy_name(given.sent, given.sent));
}

TEST_CASE("a copy is told from other files by its name", "[export]") {
    const std::string sent = "report-" + id.str() + "-0a1b2c3d.Txt";
    CHECK(is_copy_name(sent, sent));
    CHECK(is_copy_name(sent, "REPORT-" + id.str() + "-0a1b2c3d.txt"));
    for (const std::string& other :
         {"notes on " + sent, sent + ".md", "\xC3\xBC" + sent, "report-" + id.str() + "-0a1b2c3e.Txt",
          "report_" + id.str() + "-0a1b2c3d.Txt", std::string()}) {
        CAPTURE(other);
        CHECK_FALSE(is_copy_name(sent, other));
    }
    // A row that somebody has changed.
    CHECK_FALSE(is_copy_name("", ""));
}

TEST_CASE("an answer names the file that was sent, or another", "[export]") {
    const std::string sent = "report-" + id.str() + "-0a1b2c3d.txt";
    CHECK(holds_name(sent, sent));
    CHECK(holds_name("uploads/" + to_lower(sent), sent));
    for (const std::string& other :
         {sent.substr(0, 30), std::string(), "report-" + id.str() + "-0a1b2c3e.txt", std::string("report")}) {
        CHECK_FALSE(holds_name(other, sent));
    }
}

TEST_CASE("long names are cut before the ID", "[export]") {
    for (std::size_t length = 200; length < 230; ++length) {
        const std::string name = sent_name(id, "0a1b2c3d", std::string(length, 'a') + ".pdf");
        CHECK(name.size() == std::min<std::size_t>(255, length + 50));
        CHECK(name.substr(name.size() - 50) == "-" + id.str() + "-0a1b2c3d.pdf");
    }
}
