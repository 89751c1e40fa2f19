#include "service/validation/media_type.h"

#include <catch2/catch.hpp>
#include <string_view>

using namespace filestore;
using namespace filestore::validation;

TEST_CASE("a media type is known by its registered name", "[validation]") {
    struct Row {
        std::string_view written;
        std::string_view known_as;
    };
    const auto row = GENERATE(values<Row>({{"image/png", "image/png"},
                                           {"Image/JPG; q=1", "image/jpeg"},
                                           {" text/plain ; charset=utf-8", "text/plain"},
                                           {"text/xml", "application/xml"},
                                           {"image/*", "image/*"},
                                           {"application/octet-stream", ""},
                                           {"binary/octet-stream", ""},
                                           {"application/x-empty", ""},
                                           {"image/x-tga", ""},
                                           {"", ""},
                                           {"png", ""},
                                           {"/png", ""},
                                           {"image/", ""},
                                           {"image/p ng", ""},
                                           {"image/png, text/html", ""}}));
    CAPTURE(row.written);
    CHECK(media_type_of(row.written) == row.known_as);
}

TEST_CASE("an extension is what follows the last dot of the last part of a name", "[validation]") {
    struct Row {
        std::string_view name;
        std::string_view extension;
    };
    const auto row = GENERATE(values<Row>({{"a.pdf", "pdf"},
                                           {"a/b.c/d", ""},
                                           {"a.PDF", "pdf"},
                                           {"photo.jpg.exe", "exe"},
                                           {"evil.exe.", "exe"},
                                           {"evil.exe. . ", "exe"},
                                           {"a\\b.php", "php"},
                                           {".php", "php"},
                                           {"none", ""},
                                           {"...", ""},
                                           {"", ""}}));
    CAPTURE(row.name);
    CHECK(extension_of(row.name) == row.extension);
}

TEST_CASE("a type is one of a pattern", "[validation]") {
    CHECK(is_media_type("image/png", "image/png"));
    CHECK(is_media_type("image/png", "image/*"));
    CHECK(is_media_type("image/png", "*/*"));
    CHECK_FALSE(is_media_type("image/png", "image/p"));
    CHECK_FALSE(is_media_type("imagery/png", "image/*"));
    CHECK_FALSE(is_media_type("text/plain", "image/*"));
}

TEST_CASE("a content agrees with what is claimed of it, or does not", "[validation]") {
    struct Row {
        std::string_view found;
        std::string_view claimed;
        bool agrees;
    };
    const auto row = GENERATE(values<Row>({
        {"image/png", "image/png", true},
        {"image/png", "image/jpeg", false},
        {"", "image/png", true},
        {"image/png", "", true},
        {"text/plain", "text/markdown", true},
        {"text/plain", "application/json", true},
        {"text/plain", "image/svg+xml", true},
        {"text/plain", "image/png", false},
        {"text/plain", "application/pdf", false},
        {"text/x-python", "text/plain", true},
        {"application/json", "text/plain", true},
        {"application/json", "application/geo+json", true},
        // A page in a text's clothes is what spoofing looks like.
        {"text/html", "text/html", true},
        {"text/html", "application/xhtml+xml", true},
        {"text/html", "text/plain", false},
        {"text/html", "image/png", false},
        {"text/html", "image/svg+xml", false},
        {"image/svg+xml", "application/xml", true},
        {"image/svg+xml", "text/plain", false},
        {"application/xml", "image/svg+xml", true},
        {"application/pdf", "text/plain", false},
        {"application/zip", "application/vnd.openxmlformats-officedocument.wordprocessingml.document", true},
        {"application/zip", "application/epub+zip", true},
        {"application/zip", "application/java-archive", true},
        {"application/zip", "image/png", false},
        {"application/x-ole-storage", "application/msword", true},
        {"application/x-ole-storage", "application/pdf", false},
        {"application/vnd.microsoft.portable-executable", "image/png", false},
        {"video/mp4", "audio/mp4", true},
        {"video/webm", "video/x-matroska", true},
    }));
    CAPTURE(row.found, row.claimed);
    CHECK(agrees(row.found, row.claimed) == row.agrees);
}

TEST_CASE("the types of extensions are known by their registered names", "[validation]") {
    for (const std::string_view extension :
         {"png", "jpg", "pdf", "svg", "xml", "js", "exe", "docx", "gz", "wav", "rar", "ico"}) {
        CAPTURE(extension);
        const std::string_view type = media_type_of_extension(extension);
        REQUIRE_FALSE(type.empty());
        CHECK(media_type_of(type) == type);
    }
    CHECK(media_type_of_extension("xyz").empty());
    CHECK(media_type_of_extension("").empty());
}
