#include "http/head_reader.h"

#include <catch2/catch.hpp>
#include <vector>

using namespace filestore;
using namespace filestore::http;

namespace {

Result<HeadReader> read(const std::vector<std::string>& lines) {
    HeadReader reader;
    for (const std::string& line : lines) {
        if (const auto taken = reader.take(line + "\r\n"); !taken.ok()) {
            return taken.error();
        }
    }
    return reader;
}

}  // namespace

TEST_CASE("a head", "[head_reader]") {
    const auto reader =
        read({"HTTP/1.1 206 Partial Content", "ETag:  \"a\" ", "x-amz-meta-empty:", "no colon", ""});
    REQUIRE(reader.ok());
    CHECK(reader->is_complete());
    CHECK(reader->is_final());
    CHECK(reader->head().status == 206);
    CHECK(reader->head().headers.size() == 2);
    CHECK(reader->head().header("etag") == "\"a\"");
    CHECK(reader->head().header("X-Amz-Meta-Empty").empty());
    CHECK(reader->head().header("no colon").empty());
}

TEST_CASE("a head that has not come whole", "[head_reader]") {
    CHECK_FALSE(HeadReader().is_complete());
    CHECK_FALSE(HeadReader().is_final());
    const auto reader = read({"HTTP/1.1 200 OK", "Content-Length: 5"});
    REQUIRE(reader.ok());
    CHECK_FALSE(reader->is_complete());
    CHECK(reader->is_final());
}

TEST_CASE("informational answers are passed over", "[head_reader]") {
    const auto reader = read({"HTTP/1.1 103 Early Hints", "Link: x", "Content-Length: 7", "", "HTTP/1.0 404",
                              "Content-Length: 5", ""});
    REQUIRE(reader.ok());
    CHECK(reader->head().status == 404);
    CHECK(reader->head().headers.size() == 1);
    const auto only_informational = read({"HTTP/1.1 100 Continue", ""});
    REQUIRE(only_informational.ok());
    CHECK_FALSE(only_informational->is_final());
}

TEST_CASE("trailers change nothing", "[head_reader]") {
    const auto reader =
        read({"HTTP/1.1 200 OK", "ETag: \"a\"", "", "ETag: \"b\"", "Content-Length: 7", "\x01garbage"});
    REQUIRE(reader.ok());
    CHECK(reader->head().header("etag") == "\"a\"");
    CHECK(reader->head().headers.size() == 1);
}

TEST_CASE("lengths that agree are one", "[head_reader]") {
    const std::vector<std::string> good[] = {{"Content-Length: 5"},
                                             {"Content-Length: 5", "content-length: 5"},
                                             {"Content-Length: 5, 5"},
                                             {"Content-Length: 00005"}};
    for (std::vector<std::string> lines : good) {
        lines.insert(lines.begin(), "HTTP/1.1 200 OK");
        CHECK(read(lines).ok());
    }
}

TEST_CASE("lengths that disagree, or are none, are refused", "[head_reader]") {
    const std::vector<std::string> bad[] = {{"Content-Length: 5", "Content-Length: 6"},
                                            {"Content-Length: 5", "x: y", "CONTENT-LENGTH: 50"},
                                            {"Content-Length: 5, 6"},
                                            {"Content-Length: 5,"},
                                            {"Content-Length:"},
                                            {"Content-Length: -1"},
                                            {"Content-Length: +5"},
                                            {"Content-Length: 5 6"},
                                            {"Content-Length: 99999999999999999999"},
                                            {"Content-Length: 0x10"},
                                            {"Content-Length: five"}};
    for (std::vector<std::string> lines : bad) {
        INFO(lines.back());
        lines.insert(lines.begin(), "HTTP/1.1 200 OK");
        const auto reader = read(lines);
        REQUIRE_FALSE(reader.ok());
        CHECK(reader.error().code() == ErrorCode::corrupt);
        CHECK_FALSE(reader.error().retryable());
    }
}

TEST_CASE("heads without end are refused", "[head_reader]") {
    std::vector<std::string> many{"HTTP/1.1 200 OK"};
    many.resize(1100, "a: b");
    std::vector<std::string> large{"HTTP/1.1 200 OK"};
    large.resize(20, "a: " + std::string(20'000, 'b'));
    std::vector<std::string> flood;
    for (int i = 0; i < 65; ++i) {
        flood.insert(flood.end(), {"HTTP/1.1 102 Processing", ""});
    }
    for (const auto& lines : {many, large, flood}) {
        const auto reader = read(lines);
        REQUIRE_FALSE(reader.ok());
        CHECK(reader.error().code() == ErrorCode::corrupt);
    }
    flood.resize(128);
    CHECK(read(flood).ok());
    many.resize(1000);
    CHECK(read(many).ok());
}
