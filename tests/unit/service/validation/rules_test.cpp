#include "service/validation/rules.h"

#include <catch2/catch.hpp>
#include <string>
#include <string_view>

using namespace filestore;
using namespace filestore::validation;

namespace {

ValidationOptions rules(TypePolicy policy = TypePolicy::off) {
    ValidationOptions options;
    options.type_policy = policy;
    return options;
}

/// The rule that refuses, or "".
std::string refused_by(const ValidationOptions& options, const UploadFacts& facts) {
    const auto verdict = judge(options, facts);
    if (verdict.ok()) {
        return {};
    }
    CHECK(verdict.error().code() == ErrorCode::rejected);
    return verdict.error().details().server_code;
}

}  // namespace

TEST_CASE("names, declared types and contents are compared by the policy", "[validation]") {
    struct Row {
        UploadFacts facts;
        bool is_contradiction;
    };
    const auto row = GENERATE(values<Row>({
        {{"a.png", "image/png", "image/png"}, false},
        {{"a.png", "application/octet-stream", "image/png"}, false},
        {{"a.png", "image/png", "application/octet-stream"}, false},
        {{"a.png", "image/png", ""}, false},
        {{"a.png", "image/png", "text/html"}, true},
        {{"a.png", "", "application/x-dosexec"}, true},
        {{"a.txt", "", "application/pdf"}, true},
        {{"a.pdf", "text/plain", ""}, true},
        {{"a.pdf", "text/plain", "text/plain"}, true},
        {{"a.md", "text/plain", "text/plain"}, false},
        {{"a.docx", "application/zip", "application/zip"}, false},
        {{"a.jpeg", "image/jpg", "image/jpeg"}, false},
        {{"none", "image/png", "image/png"}, false},
        {{"a.unheard-of", "image/png", "image/png"}, false},
        {{"photo.jpg.exe", "image/jpeg", "image/jpeg"}, true},
    }));
    CAPTURE(row.facts.path, row.facts.declared_type, row.facts.found_type);
    CHECK(refused_by(rules(TypePolicy::strict), row.facts) == (row.is_contradiction ? "mismatch" : ""));
    const auto warned = judge(rules(TypePolicy::warn), row.facts);
    REQUIRE(warned.ok());
    CHECK(warned->warning.has_value() == row.is_contradiction);
    const auto passed = judge(rules(TypePolicy::off), row.facts);
    REQUIRE(passed.ok());
    CHECK_FALSE(passed->warning);
}

TEST_CASE("only allowed types are stored", "[validation]") {
    auto options = rules();
    options.allowed_types = {"image/*", "text/markdown"};
    CHECK(refused_by(options, {"a", "image/png", "image/png"}).empty());
    CHECK(refused_by(options, {"a", "", "image/png"}).empty());
    // What is declared does not make it so.
    CHECK(refused_by(options, {"a", "image/png", "text/html"}) == "type");
    CHECK(refused_by(options, {"a", "image/png", "application/octet-stream"}) == "type");
    CHECK(refused_by(options, {"a", "text/markdown", "text/plain"}).empty());
    CHECK(refused_by(options, {"a", "text/plain", "text/plain"}) == "type");
    options.allowed_types = {"application/octet-stream"};
    CHECK(refused_by(options, {"a", "image/png", "application/octet-stream"}).empty());
    CHECK(refused_by(options, {"a", "", "image/png"}) == "type");
    options.allowed_types = {"*/*"};
    CHECK(refused_by(options, {"a", "", ""}).empty());
}

TEST_CASE("denied types are not stored, declared or found", "[validation]") {
    auto options = rules();
    options.denied_types = {"text/html", "application/x-msdownload"};
    CHECK(refused_by(options, {"a", "text/html", "text/plain"}) == "type");
    CHECK(refused_by(options, {"a", "text/plain", "text/html"}) == "type");
    CHECK(refused_by(options, {"a", "", "application/x-dosexec"}) == "type");
    CHECK(refused_by(options, {"a", "text/plain", "text/plain"}).empty());
    CHECK(refused_by(options, {"a", "", ""}).empty());
}

TEST_CASE("names are allowed or denied by their extension", "[validation]") {
    auto options = rules();
    options.denied_extensions = {"EXE", "php"};
    CHECK(refused_by(options, {"a.exe", "", ""}) == "extension");
    CHECK(refused_by(options, {"a.jpg.Php. ", "", ""}) == "extension");
    for (const char* name :
         {"a.exe/", "d/a.exe\\. /", "a.exe::$DATA", "a.exe:b.jpg", "C:\\d\\a.exe. :s", "10:30.exe"}) {
        CAPTURE(name);
        CHECK(refused_by(options, {name, "", ""}) == "extension");
    }
    for (const char* name : {"a.jpg", "exe", "d.exe/a.jpg", "10:30", "::", "/", "c:exe"}) {
        CAPTURE(name);
        CHECK(refused_by(options, {name, "", ""}).empty());
    }
    options.denied_extensions.clear();
    options.allowed_extensions = {"jpg"};
    CHECK(refused_by(options, {"a.JPG", "", ""}).empty());
    CHECK(refused_by(options, {"a.png", "", ""}) == "extension");
    CHECK(refused_by(options, {"jpg", "", ""}) == "extension");
}

TEST_CASE("a refusal says what, why and by which rule", "[validation]") {
    auto options = rules(TypePolicy::strict);
    const auto verdict = judge(options, {"cat\n.png", "image/png", "text/html"});
    REQUIRE_FALSE(verdict.ok());
    CHECK(verdict.error().message() ==
          R"(the file 'cat\x0a.png' is refused: it is declared as image/png, and its content is text/html)");
    CHECK(too_large("a", 10, 11).message() ==
          "the file 'a' is refused: it has 11 bytes, and 10 are allowed here");
    CHECK(too_large("", 10, std::nullopt).message() ==
          "the file is refused: it has more than the 10 bytes that are allowed here");
    CHECK(too_large("a", 10, 11).details().server_code == "size");
}

TEST_CASE("rules that cannot be right are refused", "[validation]") {
    const auto code = [](const ValidationOptions& options) { return check_rules(options).error().code(); };
    ValidationOptions options;
    CHECK(check_rules(options).ok());
    options.allowed_types = {"png"};
    CHECK(code(options) == ErrorCode::invalid_argument);
    options.allowed_types = {"application/octet-stream", "*/*", "text/*"};
    CHECK(check_rules(options).ok());
    options.denied_extensions = {"tar.gz"};
    CHECK(code(options) == ErrorCode::invalid_argument);
    options.denied_extensions = {""};
    CHECK(code(options) == ErrorCode::invalid_argument);
    options.denied_extensions.clear();
    options.scanner = "http://localhost";
    CHECK(code(options) == ErrorCode::invalid_argument);
    options.scanner.clear();
    options.scanner_timeout = std::chrono::seconds(0);
    CHECK(code(options) == ErrorCode::invalid_argument);
}

TEST_CASE("a content is only looked at where somebody wants to know", "[validation]") {
    ValidationOptions options;
    CHECK_FALSE(has_rules(options));
    options.on_warning = [](const ValidationWarning&) {};
    CHECK(needs_content(options));
    options.type_policy = TypePolicy::off;
    CHECK_FALSE(has_rules(options));
    options.max_size = 1;
    CHECK(has_rules(options));
    CHECK_FALSE(needs_content(options));
    options.allowed_types = {"image/*"};
    CHECK(needs_content(options));
}

TEST_CASE("a content that can contradict nothing is not looked at", "[validation]") {
    ValidationOptions options;
    options.on_warning = [](const ValidationWarning&) {};
    const UploadFacts says_nothing{"a.bin", "application/octet-stream"};
    for (const TypePolicy policy : {TypePolicy::warn, TypePolicy::strict}) {
        options.type_policy = policy;
        CHECK_FALSE(needs_content(options, says_nothing));
        CHECK_FALSE(needs_content(options, {}));
        CHECK(needs_content(options, {"a.png", ""}));
        CHECK(needs_content(options, {"a", "image/png"}));
    }
    options.type_policy = TypePolicy::off;
    CHECK_FALSE(needs_content(options, {"a.png", "image/png"}));
    options.denied_types = {"text/html"};
    CHECK(needs_content(options, says_nothing));
    options.denied_types.clear();
    options.store_found_type = true;
    CHECK(needs_content(options, says_nothing));
}
