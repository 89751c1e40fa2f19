/// What of a request's time is bounded: waits, and attempts that come to nothing.

#include <catch2/catch.hpp>
#include <future>
#include <thread>

#include "support/answers.h"
#include "support/code_of.h"
#include "support/random_bytes.h"
#include "support/test_streams.h"
#include "wire/operations.h"

using namespace filestore;
using namespace filestore::test;
using namespace std::chrono_literals;

namespace {

constexpr std::chrono::milliseconds window = 1s;
constexpr Pause longer_than_window{1500ms};

S3ClientOptions options_with_window(const ScriptedServer& server, unsigned attempts) {
    S3ClientOptions options = plain_options(server);
    options.retry.max_attempts = attempts;
    options.retry.first_delay = 1ms;
    options.retry.longest_delay = 1ms;
    options.retry.longest_time = window;
    return options;
}

/// What a download has to get to count anew.
constexpr std::size_t enough = std::size_t{64} << 10U;
const std::string content = random_bytes(5 * enough / 2, 1);

/// The head of the answer to a request for the bytes from `offset` on.
std::string head_from(std::size_t offset) {
    const std::string length = std::to_string(content.size());
    const std::string headers = std::string(date_line) +
                                "ETag: \"e\"\r\nContent-Length: " + std::to_string(content.size() - offset) +
                                "\r\n\r\n";
    return offset == 0 ? "HTTP/1.1 200 OK\r\n" + headers
                       : "HTTP/1.1 206 Partial Content\r\nContent-Range: bytes " + std::to_string(offset) +
                             "-" + std::to_string(content.size() - 1) + "/" + length + "\r\n" + headers;
}

/// So many bytes; then the connection ends.
Script bytes_from(std::size_t offset, std::size_t count) {
    return {ExpectRequest{}, Send{head_from(offset) + content.substr(offset, count)}};
}

/// The same, the last byte long after the others.
Script slow_bytes_from(std::size_t offset, std::size_t count) {
    return {ExpectRequest{}, Send{head_from(offset) + content.substr(offset, count - 1)}, longer_than_window,
            Send{content.substr(offset + count - 1, 1)}};
}

struct Download {
    std::shared_ptr<BufferSink> sink = std::make_shared<BufferSink>();

    [[nodiscard]] S3GetRequest request(const CallOptions& call = {}) const {
        auto request = operations::request_on_object<S3GetRequest>(call);
        request.sink = sink;
        return request;
    }
};

}  // namespace

TEST_CASE("a download that gets further is gone on with, however long it takes and often it breaks off",
          "[wire][retry]") {
    const ScriptedServer server({slow_bytes_from(0, enough), slow_bytes_from(enough, enough),
                                 bytes_from(2 * enough, content.size() - 2 * enough)});
    S3Client client = S3Client::open(options_with_window(server, 2)).value();
    const Download download;
    CHECK(client.get(download.request()).ok());
    CHECK((download.sink->bytes() == content));
    CHECK(server.requests().size() == 3);
}

TEST_CASE("what little several attempts bring counts together", "[wire][retry]") {
    const ScriptedServer server({bytes_from(0, enough / 2), bytes_from(enough / 2, enough / 2),
                                 bytes_from(enough, enough / 2),
                                 bytes_from(3 * enough / 2, content.size() - 3 * enough / 2)});
    S3Client client = S3Client::open(options_with_window(server, 3)).value();
    const Download download;
    CHECK(client.get(download.request()).ok());
    CHECK((download.sink->bytes() == content));
}

TEST_CASE("a download that gets a byte further each time ends after so many attempts", "[wire][retry]") {
    const ScriptedServer server({bytes_from(0, 1), bytes_from(1, 1), bytes_from(2, 1), bytes_from(3, 1)});
    S3Client client = S3Client::open(options_with_window(server, 3)).value();
    CHECK(code_of(client.get(Download().request())) == ErrorCode::unavailable);
    CHECK(server.requests().size() == 3);
}

TEST_CASE("a download that gets no further any more ends after so many attempts", "[wire][retry]") {
    ScriptedServer server({bytes_from(0, enough), bytes_from(enough, enough)});
    server.repeat({ExpectRequest{}, Send{head_from(2 * enough)}});
    S3Client client = S3Client::open(options_with_window(server, 3)).value();
    CHECK(code_of(client.get(Download().request())) == ErrorCode::unavailable);
    // Of the three since it got further, one is that which did.
    CHECK(server.requests().size() == 4);
}

TEST_CASE("a download is not gone on with where retries are off", "[wire][retry]") {
    ScriptedServer server({bytes_from(0, 2)});
    server.repeat(bytes_from(2, content.size() - 2));
    S3Client client = S3Client::open(options_with_window(server, 1)).value();
    CHECK(code_of(client.get(Download().request())) == ErrorCode::unavailable);
    CHECK(server.requests().size() == 1);
}

TEST_CASE("downloads that break off and go on use up no retries", "[wire][retry]") {
    constexpr std::size_t downloads = 120;
    std::vector<Script> scripts;
    for (std::size_t i = 0; i < downloads; ++i) {
        scripts.push_back(bytes_from(0, 1));
        scripts.push_back(bytes_from(1, 1));
        scripts.push_back(bytes_from(2, content.size() - 2));
    }
    const ScriptedServer server(scripts);
    S3Client client = S3Client::open(options_with_window(server, 3)).value();
    for (std::size_t i = 0; i < downloads; ++i) {
        INFO(i);
        REQUIRE(client.get(Download().request()).ok());
    }
}

TEST_CASE("the time in which a request waits for its turn does not count", "[wire][retry]") {
    const std::string failed = answer("500 Internal Server Error", "", "");
    const std::string whole = head_from(0) + content;
    std::promise<void> came;
    const ScriptedServer server({{ExpectRequest{}, Signal{&came}, longer_than_window, Send{whole},
                                  ExpectRequest{}, Send{failed}, ExpectRequest{}, Send{whole}}});
    S3ClientOptions options = options_with_window(server, 2);
    options.max_connections = 1;
    S3Client client = S3Client::open(std::move(options)).value();
    Answers<S3GetResult> first;
    client.get_async(Download().request(), first.next());
    came.get_future().wait();
    CHECK(client.get(Download().request()).ok());
    CHECK(first.wait_for_one().ok());
}

TEST_CASE("what the system holds of an upload has not been sent", "[wire][retry]") {
    constexpr std::size_t read_at_once = 3'500'000;
    constexpr std::size_t step = 200'000;
    constexpr std::size_t steps = 12;
    Script script = {ExpectHead{}, ExpectBody{read_at_once}};
    for (std::size_t i = 0; i < steps; ++i) {
        script.insert(script.end(), {Pause{300ms}, ExpectBody{step}});
    }
    script.emplace_back(Send{answer("200 OK", "ETag: \"x\"\r\n", "")});
    ScriptedServer server;
    server.hold_at_most(64'000);
    server.add(std::move(script));
    S3ClientOptions options = options_with_window(server, 1);
    options.part_size = std::uint64_t{64} << 20U;
    // Less than the server takes to read what the system holds.
    options.first_byte_timeout = 2s;
    S3Client client = S3Client::open(std::move(options)).value();
    const auto outcome = operations::put(client, read_at_once + step * steps);
    INFO((outcome.ok() ? "" : outcome.error().message()));
    CHECK(outcome.ok());
}

TEST_CASE("attempts that come to nothing take so long together at most", "[wire][retry]") {
    ScriptedServer server;
    server.repeat({ExpectRequest{}, longer_than_window});
    S3Client client = S3Client::open(options_with_window(server, 10)).value();
    CHECK(code_of(client.get(Download().request())) == ErrorCode::unavailable);
    CHECK(server.requests().size() == 1);
}

TEST_CASE("the time of a pause is none that attempts took", "[wire][retry][pause]") {
    std::promise<void> came;
    std::promise<void> go_on;
    const ScriptedServer server({{ExpectRequest{}, Signal{&came}, Await{go_on.get_future().share()}},
                                 {ExpectRequest{}, Send{head_from(0) + content}}});
    S3Client client = S3Client::open(options_with_window(server, 2)).value();
    CallOptions call;
    call.pause = std::make_shared<PauseSwitch>();
    const Download download;
    Answers<S3GetResult> answers;
    client.get_async(download.request(call), answers.next());
    came.get_future().wait();
    call.pause->pause();
    std::this_thread::sleep_for(longer_than_window.time);
    go_on.set_value();
    call.pause->resume();
    CHECK(answers.wait_for_one().ok());
    CHECK((download.sink->bytes() == content));
}

TEST_CASE("an upload that is taken slowly and breaks off is sent again", "[wire][retry]") {
    // More than the system keeps for a server that takes nothing.
    constexpr std::size_t size = 40'000'000;
    // A slow machine takes some of that time to send the rest.
    constexpr auto long_window = 3 * window;
    const ScriptedServer server(
        {{ExpectHead{}, ExpectBody{1000}, Pause{long_window * 5 / 4}, ExpectBody{30'000'000}, Reset{}},
         {ExpectRequest{}, Send{answer("200 OK", "ETag: \"e\"\r\n", "")}}});
    S3ClientOptions options = options_with_window(server, 2);
    options.retry.longest_time = long_window;
    options.part_size = std::uint64_t{64} << 20U;
    S3Client client = S3Client::open(std::move(options)).value();
    CHECK(operations::put(client, size).ok());
}

TEST_CASE("no bound of the time is too large", "[wire][retry]") {
    const ScriptedServer server(
        {{ExpectRequest{}, Reset{}}, {ExpectRequest{}, Send{head_from(0) + content}}});
    S3ClientOptions options = options_with_window(server, 2);
    options.retry.longest_time = std::chrono::milliseconds::max();
    options.retry.longest_silence = std::chrono::milliseconds::max();
    S3Client client = S3Client::open(std::move(options)).value();
    CHECK(client.get(Download().request()).ok());
}
