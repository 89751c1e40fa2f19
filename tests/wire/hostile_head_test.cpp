/// Answers of S3Client's operations that are wrong in their framing or their headers: none is a success, and nothing is read behind them.

#include <catch2/catch.hpp>

#include "support/eventually.h"
#include "wire/operations.h"

using namespace filestore;
using namespace filestore::test;

namespace {

const std::string forged = answer("204 No Content", "x-amz-delete-marker: true\r\n", "");

/// What became of an operation, and whether the connection was used again. A value.
struct Spoilt {
    Result<void> outcome;
    bool reused = false;
};

/// Gives these bytes in place of the right answer. Whoever asks again on that connection gets forged answers.
Spoilt spoilt_by(const Operation& operation, const std::string& bytes, bool then_closes) {
    Script script = conversation(operation.before);
    script.emplace_back(ExpectRequest{});
    script.emplace_back(Send{bytes});
    if (!then_closes) {
        const Script lies = conversation(std::vector<std::string>(5, forged));
        script.insert(script.end(), lies.begin(), lies.end());
    }
    std::vector<std::string> honest = operation.after;
    honest.push_back(answer("204 No Content", "", ""));
    const ScriptedServer server({script, conversation(honest)});
    S3Client client = S3Client::open(plain_options(server)).value();
    Spoilt spoilt{operation.run(client, {})};
    const auto removed = client.remove(operations::request_on_object<S3ObjectRequest>());
    spoilt.reused = !removed.ok() || removed->delete_marker || server.requests().back().connection == 0;
    return spoilt;
}

struct Row {
    const char* what;
    std::string bytes;
    ErrorCode code;
    bool then_closes = false;
};

std::string repeated(const std::string& text, int count) {
    std::string all;
    for (int i = 0; i < count; ++i) {
        all += text;
    }
    return all;
}

std::string head_of(const Operation& operation, const std::string& more) {
    return "HTTP/1.1 200 OK\r\n" + operation.headers + more + "\r\n";
}

std::string length_line(const Operation& operation, std::size_t more) {
    return "Content-Length: " + std::to_string(operation.document.size() + more) + "\r\n";
}

std::vector<Row> framings_of(const Operation& operation) {
    const std::string& body = operation.document;
    const auto with = [&](const std::string& more) { return head_of(operation, more) + body; };
    return {
        {"informational answers without end",
         repeated("HTTP/1.1 102 Processing\r\n\r\n", 100) + operation.right(), ErrorCode::corrupt},
        {"two lengths", with(length_line(operation, 0) + length_line(operation, 1)), ErrorCode::corrupt},
        {"a list of lengths", with("Content-Length: 4, 5\r\n"), ErrorCode::corrupt},
        {"a negative length", with("Content-Length: -1\r\n"), ErrorCode::corrupt},
        {"a length that is no number", with("Content-Length: five\r\n"), ErrorCode::corrupt},
        {"a length past counting", with("Content-Length: 99999999999999999999999\r\n"), ErrorCode::corrupt},
        {"no colon", with("no colon at all\r\n" + length_line(operation, 0)), ErrorCode::corrupt},
        {"headers without end", with(repeated("a: b\r\n", 2000)), ErrorCode::corrupt},
        {"a header of 300 KiB", with("a: " + std::string(300'000, 'b') + "\r\n"), ErrorCode::corrupt},
        {"a NUL in a header", with(std::string("a: b\0c\r\n", 8) + length_line(operation, 0)),
         ErrorCode::corrupt},
        {"no status", "HTTP/1.1 abc\r\n\r\n", ErrorCode::corrupt},
        {"another protocol", "220 mail.test ESMTP\r\n", ErrorCode::corrupt},
        {"NULs", std::string(1000, '\0'), ErrorCode::corrupt},
        {"an informational answer alone", "HTTP/1.1 102 Processing\r\n\r\n", ErrorCode::unavailable, true},
        {"a head that breaks off", "HTTP/1.1 200 OK\r\n" + operation.headers, ErrorCode::unavailable, true},
    };
}

/// Bodies that are framed wrongly; an answer to HEAD has none.
std::vector<Row> bodies_of(const Operation& operation) {
    const std::string chunked = head_of(operation, "Transfer-Encoding: chunked\r\n");
    return {
        {"a body that is shorter than announced",
         head_of(operation, length_line(operation, 10)) + operation.document, ErrorCode::unavailable, true},
        {"chunks without a size", chunked + "no number\r\nxx\r\n0\r\n\r\n", ErrorCode::unavailable},
        {"a chunk past counting", chunked + "ffffffffffffffffffff\r\nx", ErrorCode::unavailable},
        {"chunks that break off", chunked + "5\r\nhel", ErrorCode::unavailable, true},
    };
}

void check(const Operation& operation, const Row& row, bool may_be_corrupt = false) {
    INFO(operation.name + ": " + row.what);
    const Spoilt spoilt = spoilt_by(operation, row.bytes, row.then_closes);
    REQUIRE_FALSE(spoilt.outcome.ok());
    INFO(spoilt.outcome.error().message());
    CHECK((spoilt.outcome.error().code() == row.code ||
           (may_be_corrupt && spoilt.outcome.error().code() == ErrorCode::corrupt)));
    CHECK_FALSE(spoilt.reused);
}

}  // namespace

TEST_CASE("the right answer to every operation", "[wire][hostile]") {
    for (const Operation& operation : all_operations()) {
        INFO(operation.name);
        std::vector<std::string> answers = operation.before;
        answers.push_back(operation.name == "head" ? head_of(operation, "Content-Length: 5\r\n")
                                                   : operation.right());
        answers.insert(answers.end(), operation.rest.begin(), operation.rest.end());
        const ScriptedServer server({conversation(answers)});
        S3Client client = S3Client::open(plain_options(server)).value();
        const auto outcome = operation.run(client, {});
        INFO((outcome.ok() ? std::string_view() : outcome.error().message()));
        CHECK(outcome.ok());
        CHECK(server.requests().size() == answers.size());
        CHECK(server.connections() == 1);
    }
}

TEST_CASE("a wrong framing is no success of any operation", "[wire][hostile]") {
    for (const Operation& operation : all_operations()) {
        for (const Row& row : framings_of(operation)) {
            check(operation, row);
        }
        // Where a connection was used before, a request that is not answered at all is sent again on another.
        if (operation.before.empty()) {
            check(operation, {"nothing", "", ErrorCode::unavailable, true});
        }
        if (operation.name != "head") {
            for (const Row& row : bodies_of(operation)) {
                // A download needs to know its size, and has no use for chunks.
                check(operation, row, operation.name == "get");
            }
        }
    }
}

TEST_CASE("an informational answer before the right one is passed over by every operation",
          "[wire][hostile]") {
    for (const Operation& operation : all_operations()) {
        INFO(operation.name);
        std::vector<std::string> answers = operation.before;
        answers.push_back(
            "HTTP/1.1 103 Early Hints\r\nETag: \"hint\"\r\nContent-Length: 99\r\n\r\n" +
            (operation.name == "head" ? head_of(operation, "Content-Length: 5\r\n") : operation.right()));
        answers.insert(answers.end(), operation.rest.begin(), operation.rest.end());
        const ScriptedServer server({conversation(answers)});
        S3Client client = S3Client::open(plain_options(server)).value();
        CHECK(operation.run(client, {}).ok());
    }
}

TEST_CASE("a header that says two things is damage", "[wire][hostile]") {
    const std::string headers[] = {"ETag: \"other\"\r\n", "ETag: \"e2\"\r\nETag: \"e1\"\r\n",
                                   "Last-Modified: Sat, 31 Jan 2026 12:00:00 GMT\r\n"};
    for (const Operation& operation : operations_with_headers()) {
        for (const std::string& more : headers) {
            if (operation.headers.find(more.substr(0, 5)) == std::string::npos) {
                continue;
            }
            INFO(operation.name + ": " + more);
            std::vector<std::string> answers = operation.before;
            answers.push_back(operation.name == "head"
                                  ? head_of(operation, more + "Content-Length: 5\r\n")
                                  : answer("200 OK", operation.headers + more, operation.document));
            answers.insert(answers.end(), operation.after.begin(), operation.after.end());
            const ScriptedServer server({conversation(answers), conversation(operation.after)});
            S3Client client = S3Client::open(plain_options(server)).value();
            const auto outcome = operation.run(client, {});
            REQUIRE_FALSE(outcome.ok());
            CHECK(outcome.error().code() == ErrorCode::corrupt);
        }
    }
}

TEST_CASE("a header that says the same thing twice is none", "[wire][hostile]") {
    for (const Operation& operation : operations_with_headers()) {
        INFO(operation.name);
        std::vector<std::string> answers = operation.before;
        answers.push_back(operation.name == "head"
                              ? head_of(operation, operation.headers + "Content-Length: 5\r\n")
                              : answer("200 OK", operation.headers + operation.headers, operation.document));
        answers.insert(answers.end(), operation.rest.begin(), operation.rest.end());
        const ScriptedServer server({conversation(answers)});
        S3Client client = S3Client::open(plain_options(server)).value();
        CHECK(operation.run(client, {}).ok());
    }
}

TEST_CASE("a body behind the answer to HEAD is not taken for the next answer", "[wire][hostile]") {
    const std::string head = "HTTP/1.1 200 OK\r\n" + operations::object_headers;
    for (const std::string& body : {std::string("hello"), forged}) {
        const ScriptedServer server(
            {{ExpectRequest{},
              Send{head + "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body},
              ExpectRequest{}, Send{answer("204 No Content", "", "")}},
             conversation({answer("204 No Content", "", "")})});
        S3Client client = S3Client::open(plain_options(server)).value();
        const auto info = client.head(operations::request_on_object<S3ObjectRequest>());
        REQUIRE(info.ok());
        CHECK(info->size == body.size());
        const auto removed = client.remove(operations::request_on_object<S3ObjectRequest>());
        REQUIRE(removed.ok());
        CHECK_FALSE(removed->delete_marker);
    }
}

TEST_CASE("an object without an ETag was not stored for certain", "[wire][hostile]") {
    for (const char* etag : {"", "ETag:\r\n", "ETag: \"\"\r\n"}) {
        INFO(etag);
        const ScriptedServer server({conversation({answer("200 OK", etag, "")})});
        S3Client client = S3Client::open(plain_options(server)).value();
        const auto stored = operations::put(client, 5);
        REQUIRE_FALSE(stored.ok());
        CHECK(stored.error().code() == ErrorCode::corrupt);
    }
}

TEST_CASE("an ETag is taken as it is, whatever it holds", "[wire][hostile]") {
    for (const std::string& etag :
         {std::string("no quotes"), std::string("\"unfinished"), std::string("W/\"weak\""),
          std::string("\"\xff\xfe\""), std::string(5000, 'e')}) {
        const ScriptedServer server({conversation({answer("200 OK", "ETag: " + etag + "\r\n", "")})});
        S3Client client = S3Client::open(plain_options(server)).value();
        CHECK(operations::put(client, 5).ok());
    }
}

TEST_CASE("an error answer without end ends the call all the same", "[wire][hostile]") {
    const std::string endless = "HTTP/1.1 403 Forbidden\r\n\r\n" + error_body("AccessDenied");
    for (const Operation& operation : all_operations()) {
        if (operation.name == "head") {
            continue;
        }
        INFO(operation.name);
        Script script = conversation(operation.before);
        script.emplace_back(ExpectRequest{});
        script.emplace_back(Send{endless});
        script.emplace_back(Drip{std::string(65536, ' '), std::chrono::milliseconds(0)});
        const ScriptedServer server({script, conversation(operation.after)});
        S3Client client = S3Client::open(plain_options(server)).value();
        const auto outcome = operation.run(client, {});
        REQUIRE_FALSE(outcome.ok());
        CHECK(outcome.error().code() == ErrorCode::permission_denied);
        CHECK(outcome.error().details().server_code == "AccessDenied");
    }
}
