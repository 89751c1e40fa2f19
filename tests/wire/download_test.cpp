/// Servers that lie about a download, or break off.

#include <catch2/catch.hpp>

#include "support/files.h"
#include "support/random_bytes.h"
#include "support/temporary_directory.h"
#include "support/test_streams.h"
#include "wire/s3_client.h"

using namespace filestore;
using namespace filestore::test;

namespace {

/// What a download into a new file made of these bytes of an answer, after which the server closes; the file must not be there.
Error failed_download(const std::string& bytes, std::optional<ByteRange> range = {}) {
    const TemporaryDirectory directory;
    const ScriptedServer server({{ExpectRequest{}, Send{bytes}}});
    DownloadRequest request = download_to(sink_to_path(directory.file("f")).value());
    request.range = range;
    const auto receipt = open_on(server)->download(std::move(request));
    CHECK(names_in(directory.path()).empty());
    REQUIRE_FALSE(receipt.ok());
    return receipt.error();
}

}  // namespace

TEST_CASE("a download cut at any byte of the answer is never a success", "[wire]") {
    const std::string whole =
        answer("200 OK", std::string(date_line) + "Content-Type: text/plain\r\n", "some content");
    const TemporaryDirectory directory;
    std::vector<Script> scripts;
    for (std::size_t cut = 0; cut < whole.size(); ++cut) {
        scripts.push_back({ExpectRequest{}, Send{whole.substr(0, cut)}});
    }
    const ScriptedServer server(std::move(scripts));
    const auto backend = open_on(server);
    for (std::size_t cut = 0; cut < whole.size(); ++cut) {
        INFO(cut);
        const auto receipt = backend->download(download_to(sink_to_path(directory.file("f")).value()));
        REQUIRE_FALSE(receipt.ok());
        CHECK(receipt.error().code() == ErrorCode::unavailable);
        CHECK(receipt.error().retryable());
        CHECK(names_in(directory.path()).empty());
    }
    CHECK(server.connections() == whole.size());
}

TEST_CASE("a download that the server resets is never a success", "[wire]") {
    const std::string whole = answer("200 OK", "", "some content");
    for (const std::size_t cut : {std::size_t{0}, std::size_t{9}, whole.size() - 5}) {
        const ScriptedServer server({{ExpectRequest{}, Send{whole.substr(0, cut)}, Reset{}}});
        const auto receipt = open_on(server)->download(download_to(std::make_shared<BufferSink>()));
        REQUIRE_FALSE(receipt.ok());
        CHECK(receipt.error().code() == ErrorCode::unavailable);
    }
}

TEST_CASE("lengths that are not true", "[wire]") {
    struct Row {
        const char* what;
        std::string bytes;
        ErrorCode code;
    };
    const Row rows[] = {
        {"too large", "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nabcde", ErrorCode::unavailable},
        {"none", "HTTP/1.1 200 OK\r\n\r\nabcde", ErrorCode::corrupt},
        {"none, no body", "HTTP/1.1 200 OK\r\n\r\n", ErrorCode::corrupt},
        {"negative", "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\nabcde", ErrorCode::unavailable},
        {"no number", "HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\nabcde", ErrorCode::unavailable},
        {"two", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nabcde",
         ErrorCode::unavailable},
        {"chunked", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\n0\r\n\r\n",
         ErrorCode::corrupt},
    };
    for (const Row& row : rows) {
        INFO(row.what);
        const Error error = failed_download(row.bytes);
        INFO(error.message());
        CHECK((error.code() == row.code || error.code() == ErrorCode::corrupt));
    }
}

TEST_CASE("what comes after the announced length is not delivered", "[wire]") {
    const ScriptedServer server(
        {{ExpectRequest{}, Send{"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nabcdeEXTRA"}}});
    const auto sink = std::make_shared<BufferSink>();
    const auto receipt = open_on(server)->download(download_to(sink));
    CHECK((!receipt.ok() || sink->bytes() == "abcd"));
}

TEST_CASE("a range that is not the one asked for", "[wire]") {
    struct Row {
        const char* what;
        std::string bytes;
        ErrorCode code;
    };
    const auto partial = [](const std::string& content_range, const std::string& body) {
        return answer("206 Partial Content",
                      content_range.empty() ? "" : "Content-Range: " + content_range + "\r\n", body);
    };
    const Row rows[] = {
        {"ignored", answer("200 OK", "", "0123456789"), ErrorCode::unsupported},
        {"no Content-Range", partial("", "234"), ErrorCode::corrupt},
        {"another start", partial("bytes 3-5/10", "345"), ErrorCode::corrupt},
        {"longer", partial("bytes 2-5/10", "2345"), ErrorCode::corrupt},
        {"shorter", partial("bytes 2-3/10", "23"), ErrorCode::corrupt},
        {"unknown size", partial("bytes 2-4/*", "234"), ErrorCode::corrupt},
        {"no unit", partial("2-4/10", "234"), ErrorCode::corrupt},
        {"end before start", partial("bytes 4-2/10", "234"), ErrorCode::corrupt},
        {"past the size", partial("bytes 2-4/4", "234"), ErrorCode::corrupt},
        {"overflow", partial("bytes 2-99999999999999999999/10", "234"), ErrorCode::corrupt},
        {"fewer bytes than the range", partial("bytes 2-4/10", "23"), ErrorCode::corrupt},
        {"more bytes than the range", partial("bytes 2-4/10", "2345"), ErrorCode::corrupt},
        {"outside", answer("416 Range Not Satisfiable", "", error_body("InvalidRange")),
         ErrorCode::range_not_satisfiable},
        {"outside, no body", answer("416 Range Not Satisfiable", "", ""), ErrorCode::range_not_satisfiable},
    };
    for (const Row& row : rows) {
        INFO(row.what);
        CHECK(failed_download(row.bytes, ByteRange{2, 3}).code() == row.code);
    }
    CHECK(failed_download(partial("bytes 0-4/10", "01234")).code() == ErrorCode::corrupt);
}

TEST_CASE("a range that begins where no object can reach is not asked for", "[wire]") {
    const ScriptedServer server;
    DownloadRequest request = download_to(std::make_shared<BufferSink>());
    for (const std::uint64_t offset : {std::uint64_t{INT64_MAX}, UINT64_MAX}) {
        request.range = ByteRange{offset, {}};
        CHECK(open_on(server)->download(request).error().code() == ErrorCode::range_not_satisfiable);
    }
    CHECK(server.connections() == 0);
}

TEST_CASE("a large object with a weak ETag comes in one stream", "[wire]") {
    const std::string content = random_bytes(std::size_t{17} << 20U);
    const std::string head = std::string(date_line) + "ETag: W/\"abc\"\r\n";
    const ScriptedServer server({conversation({answer("200 OK", head, content)})});
    S3Options options = options_for(server);
    options.part_size = std::uint64_t{5} << 20U;
    const auto sink = std::make_shared<BufferSink>();
    REQUIRE(open_s3_backend(options).value()->download(download_to(sink)).ok());
    const bool equal = sink->bytes() == content;
    CHECK(equal);
    CHECK(server.requests().size() == 1);
}

TEST_CASE("a stream with a weak ETag is not gone on with", "[wire]") {
    const std::string head =
        "HTTP/1.1 200 OK\r\n" + std::string(date_line) + "ETag: W/\"abc\"\r\nContent-Length: 10\r\n\r\n";
    const ScriptedServer server(
        {{ExpectRequest{}, Send{head + "01234"}},
         conversation({answer("206 Partial Content",
                              std::string(date_line) + "ETag: W/\"abc\"\r\nContent-Range: bytes 5-9/10\r\n",
                              "56789")})});
    S3Options options = options_for(server);
    options.retry.max_attempts = 2;
    options.retry.first_delay = std::chrono::milliseconds(1);
    const auto receipt =
        open_s3_backend(options).value()->download(download_to(std::make_shared<BufferSink>()));
    REQUIRE_FALSE(receipt.ok());
    CHECK(receipt.error().code() == ErrorCode::unavailable);
    CHECK(server.requests().size() == 1);
}

TEST_CASE("a range in chunks is whole with its last byte, whatever becomes of its end", "[wire]") {
    const std::string head = "HTTP/1.1 206 Partial Content\r\nETag: \"e\"\r\n" + std::string(date_line) +
                             "Transfer-Encoding: chunked\r\nContent-Range: bytes ";
    const std::string end = "0\r\n\r\n";
    const std::string whole = "3\r\n234\r\n" + end;
    for (std::size_t cut = 0; cut < whole.size(); ++cut) {
        INFO(cut);
        const std::size_t taken = cut < 3 ? 0 : std::min<std::size_t>(cut - 3, 3);
        const ScriptedServer server(
            {{ExpectRequest{}, Send{head + "2-4/10\r\n\r\n" + whole.substr(0, cut)}},
             {ExpectRequest{},
              Send{head + std::to_string(2 + taken) + "-4/10\r\n\r\n" + std::to_string(3 - taken) + "\r\n" +
                   std::string("234").substr(taken) + "\r\n" + end}}});
        S3Options options = options_for(server);
        options.retry.max_attempts = 2;
        options.retry.first_delay = std::chrono::milliseconds(1);
        const auto sink = std::make_shared<BufferSink>();
        DownloadRequest request = download_to(sink);
        request.range = ByteRange{2, 3};
        REQUIRE(open_s3_backend(options).value()->download(std::move(request)).ok());
        CHECK(sink->bytes() == "234");
        CHECK(server.requests().size() == (taken == 3 ? 1 : 2));
    }
}

TEST_CASE("interim answers are passed over", "[wire]") {
    const ScriptedServer server(
        {{ExpectRequest{}, Send{"HTTP/1.1 103 Early Hints\r\nContent-Length: 99\r\nLink: </x>\r\n\r\n"
                                "HTTP/1.1 102 Processing\r\n\r\n" +
                                answer("200 OK", date_line, "abc")}}});
    const auto sink = std::make_shared<BufferSink>();
    DownloadRequest request = download_to(sink);
    request.on_info = [](const FileInfo& info) -> Result<void> {
        return info.size == 3 ? Result<void>() : Error(ErrorCode::internal);
    };
    REQUIRE(open_on(server)->download(std::move(request)).ok());
    CHECK(sink->bytes() == "abc");
}

TEST_CASE("a large download into slow sinks arrives whole", "[wire]") {
    const std::string content = random_bytes(3'000'000);
    const ScriptedServer server({conversation({answer("200 OK", "", content)}),
                                 conversation({answer("200 OK", "", content)}),
                                 conversation({answer("200 OK", "", content)})});
    const TemporaryDirectory directory;
    const auto hesitant = std::make_shared<HesitantSink>(10'000);
    REQUIRE(open_on(server)->download(download_to(hesitant)).ok());
    CHECK(hesitant->bytes() == content);
    CHECK(hesitant->finished());
    REQUIRE(open_on(server)->download(download_to(sink_to_path(directory.file("f")).value())).ok());
    CHECK(read_file(directory.file("f")) == content);
    const auto odd = std::make_shared<HesitantSink>(7'919);
    REQUIRE(open_on(server)->download(download_to(odd)).ok());
    CHECK(odd->bytes() == content);
}

TEST_CASE("a sink that fails ends the download with the caller's number", "[wire]") {
    const std::string content = random_bytes(2'000'000);
    const ScriptedServer server(
        {conversation({answer("200 OK", "", content)}), conversation({answer("200 OK", "", content)})});
    const auto failing = std::make_shared<FailingSink>(100'000, 42);
    const auto receipt = open_on(server)->download(download_to(failing));
    REQUIRE_FALSE(receipt.ok());
    CHECK(receipt.error().code() == ErrorCode::sink_failed);
    CHECK(receipt.error().details().caller_code == 42);
    CHECK_FALSE(failing->finished());

    CallbackSink callbacks;
    callbacks.write = [failing](std::span<const std::byte> bytes, const Wake& wake) {
        return failing->write(bytes, wake);
    };
    const auto blocking = open_on(server)->download(download_to(sink_to_callback(callbacks)));
    REQUIRE_FALSE(blocking.ok());
    CHECK(blocking.error().details().caller_code == 42);
}

TEST_CASE("an error answer delivers nothing to the sink", "[wire]") {
    const ScriptedServer server(
        {conversation({answer("404 Not Found", "", error_body("NoSuchKey")),
                       answer("404 Not Found", "", error_body("NoSuchBucket")),
                       answer("500 Internal Server Error", "", std::string(200'000, 'x'))})});
    const auto backend = open_on(server);
    for (const ErrorCode code : {ErrorCode::not_found, ErrorCode::configuration, ErrorCode::unavailable}) {
        const auto sink = std::make_shared<BufferSink>();
        const auto receipt = backend->download(download_to(sink));
        REQUIRE_FALSE(receipt.ok());
        CHECK(receipt.error().code() == code);
        CHECK(receipt.error().message().size() < 1000);
        CHECK(sink->bytes().empty());
    }
}
