#include "service/validation/type_detector.h"

#include <catch2/catch.hpp>
#include <string>
#include <thread>
#include <vector>

#include "support/captured_errors.h"
#include "support/files.h"
#include "support/temporary_directory.h"

using namespace filestore;
using namespace filestore::validation;
using namespace std::string_literals;

namespace {

std::string type_of(TypeDetector& detector, const std::string& content) {
    const auto type = detector.type_of(std::as_bytes(std::span(content)));
    return type.ok() ? *type : std::string(type.error().message());
}

const std::string png = "\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x10\0\0\0\x10\x08\6\0\0\0"s;

}  // namespace

TEST_CASE("a content is told by its first bytes", "[validation]") {
    TypeDetector detector({});
    CHECK(type_of(detector, png) == "image/png");
    CHECK(type_of(detector, "%PDF-1.4\n%...") == "application/pdf");
    // A blank in front hides it from readers of fixed places only.
    CHECK(type_of(detector, " %PDF-1.4\n%...") == "application/pdf");
    CHECK(type_of(detector, "<html><script>alert(1)</script></html>") == "text/html");
    CHECK(type_of(detector, "<?xml version='1.0'?><svg xmlns='http://www.w3.org/2000/svg'></svg>") ==
          "image/svg+xml");
    CHECK(type_of(detector, "hello, world\n") == "text/plain");
    CHECK(type_of(detector, "\x01\x02\x03\xff\xfe\x80"s) == "application/octet-stream");
}

TEST_CASE("many threads may ask at once", "[validation]") {
    TypeDetector detector({});
    std::vector<std::thread> threads;
    std::vector<int> wrong(4, 0);
    for (int& count : wrong) {
        threads.emplace_back([&detector, &count] {
            for (int i = 0; i < 50; ++i) {
                count += type_of(detector, png) == "image/png" ? 0 : 1;
            }
        });
    }
    for (std::thread& thread : threads) {
        thread.join();
    }
    CHECK(wrong == std::vector<int>(4, 0));
}

TEST_CASE("a database that cannot be read is named", "[validation]") {
    const test::TemporaryDirectory directory;
    TypeDetector detector(directory.file("none.mgc"));
    const auto type = detector.type_of({});
    REQUIRE_FALSE(type.ok());
    CHECK(type.error().code() == ErrorCode::configuration);
    CHECK(type.error().message().find("none.mgc") != std::string_view::npos);
}

TEST_CASE("what is no database is refused without a word of libmagic's own", "[validation]") {
    const test::TemporaryDirectory directory;
    const std::string path = directory.file("wrong.mgc");
    const auto content =
        GENERATE(std::string(), std::string("0 string x text/x-rule\n"), std::string(5000, 'x'));
    test::write_file(path, content);
    TypeDetector detector(path);
    const test::CapturedErrors printed;
    const auto type = detector.type_of({});
    CHECK(printed.text().empty());
    REQUIRE_FALSE(type.ok());
    CHECK(type.error().code() == ErrorCode::configuration);
    CHECK(type.error().message().find("wrong.mgc") != std::string_view::npos);
}
