/// Servers that answer uploads early, wrongly or not at all; sources that wait or fail.

#include <algorithm>
#include <catch2/catch.hpp>
#include <future>
#include <thread>

#include "filestore/s3_client.h"
#include "support/answers.h"
#include "support/code_of.h"
#include "support/eventually.h"
#include "support/random_bytes.h"
#include "support/test_streams.h"
#include "wire/s3_client.h"

using namespace filestore;
using namespace filestore::test;

namespace {

const std::string stored = answer("200 OK", "ETag: \"x\"\r\n", "");

S3Options unsigned_options(const ScriptedServer& server) {
    S3Options options = options_for(server);
    options.payload_signing = S3PayloadSigning::unsigned_payload;
    return options;
}

/// A source of known size that rewinds, so that it is sent straight from where it is.
std::shared_ptr<Source> direct_source(CallbackSource callbacks, std::uint64_t size) {
    callbacks.size = size;
    callbacks.rewind = []() -> Result<void> { return {}; };
    return source_from_callback(std::move(callbacks));
}

}  // namespace

TEST_CASE("an upload whose source has stopped keeps no other from memory", "[wire]") {
    const ScriptedServer server({conversation({answer("200 OK", "ETag: \"e\"\r\n", "")})});
    S3ClientOptions options = options_for(server);
    options.part_size = std::uint64_t{5} << 20U;
    options.part_memory = options.part_size;
    S3Client client = S3Client::open(std::move(options)).value();
    const auto put_of = [](std::shared_ptr<Source> source) {
        S3PutRequest request;
        request.bucket = "bucket";
        request.key = "key";
        request.source = std::move(source);
        return request;
    };
    const std::string bytes(200'000, 'x');
    std::promise<void> stopped;
    Answers<S3PutResult> never;
    client.put_async(put_of(std::make_shared<StalledSource>(bytes, [&] { stopped.set_value(); })),
                     never.next());
    stopped.get_future().wait();
    CHECK(client.put(put_of(source_from_string(bytes))).ok());
    client.close();
    CHECK(never.wait_for_one().error().code() == ErrorCode::cancelled);
}

TEST_CASE("an upload whose answer is cut at any byte is never a success", "[wire]") {
    const std::string whole = answer("200 OK", "ETag: \"x\"\r\n", "");
    std::vector<Script> scripts;
    for (std::size_t cut = 0; cut < whole.size(); ++cut) {
        scripts.push_back({ExpectRequest{}, Send{whole.substr(0, cut)}});
    }
    const ScriptedServer server(std::move(scripts));
    const auto backend = open_on(server);
    for (std::size_t cut = 0; cut < whole.size(); ++cut) {
        INFO(cut);
        const auto receipt = backend->upload(upload_of("hello"));
        REQUIRE_FALSE(receipt.ok());
        CHECK(receipt.error().code() == ErrorCode::unavailable);
    }
}

TEST_CASE("a server that goes away during an upload", "[wire]") {
    const std::string content = random_bytes(4'000'000);
    const std::vector<Script> scripts = {
        {Reset{}},
        {ExpectHead{}, Reset{}},
        {ExpectHead{}, Send{"HTTP/1.1 100 Continue\r\n\r\n"}, Reset{}},
        {ExpectHead{}, Send{"HTTP/1.1 100 Continue\r\n\r\n"}, ExpectBody{1'000'000}, Reset{}},
        {ExpectHead{}, Send{"HTTP/1.1 100 Continue\r\n\r\n"}, ExpectBody{4'000'000}, Reset{}}};
    for (const Script& script : scripts) {
        const ScriptedServer server({script});
        const auto receipt = open_on(server)->upload(upload_of(content));
        REQUIRE_FALSE(receipt.ok());
        CHECK(receipt.error().code() == ErrorCode::unavailable);
        CHECK(receipt.error().retryable());
    }
}

TEST_CASE("an answer that comes before the body", "[wire]") {
    const std::string content = random_bytes(8'000'000);
    for (const auto& [status, server_code, code] :
         {std::tuple("403 Forbidden", "AccessDenied", ErrorCode::permission_denied),
          std::tuple("503 Service Unavailable", "SlowDown", ErrorCode::rate_limited),
          std::tuple("507 Insufficient Storage", "XMinioStorageFull", ErrorCode::no_space)}) {
        const std::string refusal = answer(status, "Connection: close\r\n", error_body(server_code));
        const ScriptedServer asked({{ExpectHead{}, Send{refusal}}});
        const auto receipt = open_on(asked)->upload(upload_of(content));
        REQUIRE_FALSE(receipt.ok());
        CHECK(receipt.error().code() == code);
        CHECK(receipt.error().details().server_code == server_code);
        CHECK(asked.requests().front().body.empty());

        const ScriptedServer midway(
            {{ExpectHead{}, Send{"HTTP/1.1 100 Continue\r\n\r\n"}, ExpectBody{100'000}, Send{refusal}}});
        const auto cut = open_on(midway)->upload(upload_of(content));
        REQUIRE_FALSE(cut.ok());
        CHECK(cut.error().code() == code);
    }
}

TEST_CASE("a wrong source sends no whole body", "[wire]") {
    for (const bool is_signed : {true, false}) {
        for (const bool rewinds : {true, false}) {
            for (const std::uint64_t declared : {std::uint64_t{4}, std::uint64_t{6}}) {
                const ScriptedServer server({conversation({stored})});
                S3Options options = options_for(server);
                options.payload_signing =
                    is_signed ? S3PayloadSigning::signed_payload : S3PayloadSigning::unsigned_payload;
                const auto receipt = open_s3_backend(options).value()->upload(
                    upload_of(mislabelled_source("hello", declared, rewinds)));
                REQUIRE_FALSE(receipt.ok());
                CHECK(receipt.error().code() == ErrorCode::source_failed);
                for (const HeardRequest& request : server.requests()) {
                    CHECK(request.body.size() < declared);
                }
            }
        }
    }
}

TEST_CASE("a source that fails in the middle ends the upload with the caller's number", "[wire]") {
    const ScriptedServer server(
        {{ExpectHead{}, Send{"HTTP/1.1 100 Continue\r\n\r\n"}, ExpectBody{5'000'000}}});
    const auto text = std::make_shared<std::size_t>(0);
    CallbackSource callbacks;
    callbacks.blocking = false;
    callbacks.read = [text](std::span<std::byte> into, const Wake&) -> Result<IoStep> {
        if (*text > 1'500'000) {
            ErrorDetails details;
            details.caller_code = 33;
            return Error(ErrorCode::source_failed, "the test's source failed", details);
        }
        const std::size_t count = std::min<std::size_t>(into.size(), 100'000);
        *text += count;
        return IoStep{count, false};
    };
    const auto receipt = open_s3_backend(unsigned_options(server))
                             .value()
                             ->upload(upload_of(direct_source(callbacks, 5'000'000)));
    REQUIRE_FALSE(receipt.ok());
    CHECK(receipt.error().code() == ErrorCode::source_failed);
    CHECK(receipt.error().details().caller_code == 33);
}

TEST_CASE("a source that waits is sent as it comes, without spooling", "[wire]") {
    const std::string content = random_bytes(100'000);
    const ScriptedServer server({conversation({stored})});
    const auto inner = std::make_shared<HesitantSource>(content, 7'000);
    CallbackSource callbacks;
    callbacks.blocking = false;
    callbacks.read = [inner](std::span<std::byte> into, const Wake& wake) { return inner->read(into, wake); };
    S3Options options = unsigned_options(server);
    options.spool_directory = "/nowhere/at/all";
    const auto receipt =
        open_s3_backend(options).value()->upload(upload_of(direct_source(callbacks, content.size())));
    REQUIRE(receipt.ok());
    CHECK(server.requests().front().body == content);
}

TEST_CASE("a blocking source is not touched after its call has ended", "[wire]") {
    std::promise<void> read_begun;
    ScriptedServer server({{ExpectHead{}, Await{read_begun.get_future().share()}, Reset{}}});
    std::atomic<bool> inside{false};
    std::atomic<bool> ended{false};
    std::atomic<bool> read_after_end{false};
    std::promise<void> go_on;
    auto gate = go_on.get_future().share();
    CallbackSource callbacks;
    callbacks.read = [&, gate](std::span<std::byte> into, const Wake&) -> Result<IoStep> {
        inside = true;
        gate.wait();
        read_after_end = read_after_end || ended;
        inside = false;
        return IoStep{into.size(), false};
    };
    Answers<UploadReceipt> answers;
    const auto backend = open_s3_backend(unsigned_options(server)).value();
    std::stop_source stop;
    UploadRequest request = upload_of(direct_source(callbacks, 900'000));
    request.call.cancel = stop.get_token();
    backend->upload_async(std::move(request), [&, done = answers.next()](Result<UploadReceipt> result) {
        ended = true;
        if (inside) {
            read_after_end = true;
        }
        done(std::move(result));
    });
    REQUIRE(eventually([&] { return inside.load(); }));
    read_begun.set_value();
    stop.request_stop();
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    go_on.set_value();
    CHECK_FALSE(answers.wait_for_one().ok());
    CHECK_FALSE(read_after_end);
}

TEST_CASE("a source is let go before the completion", "[wire]") {
    const ScriptedServer server({conversation({stored, stored})});
    const auto backend = open_s3_backend(unsigned_options(server)).value();
    const auto inner = source_from_string(std::string(100'000, 'x'));
    for (const bool blocking : {false, true}) {
        REQUIRE(inner->rewind().ok());
        CallbackSource callbacks;
        callbacks.blocking = blocking;
        callbacks.read = [inner](std::span<std::byte> into, const Wake& wake) {
            return inner->read(into, wake);
        };
        auto source = direct_source(callbacks, 100'000);
        const std::weak_ptr<Source> watched = source;
        std::promise<bool> gone;
        backend->upload_async(upload_of(std::move(source)), [&](const Result<UploadReceipt>& result) {
            gone.set_value(result.ok() && watched.expired());
        });
        CHECK(gone.get_future().get());
    }
}

TEST_CASE("a server that passes over the encryption that was asked for is found out", "[wire]") {
    const std::string encrypted =
        answer("200 OK", "ETag: \"x\"\r\nx-amz-server-side-encryption: aws:kms\r\n", "");
    S3PutRequest request;
    request.bucket = "bucket";
    request.key = "key";
    request.encryption.kind = S3Encryption::Kind::kms;
    SECTION("in one request") {
        const ScriptedServer server({conversation({stored, stored, encrypted})});
        S3Client client = S3Client::open(options_for(server)).value();
        request.source = source_from_string("x");
        const auto result = client.put(request);
        REQUIRE(code_of(result) == ErrorCode::unsupported);
        CHECK_THAT(std::string(result.error().message()), Catch::Contains("remove it"));
        request.source = source_from_string("x");
        CHECK(client.put(request).ok());
        CHECK(server.requests().size() == 3);
    }
    SECTION("in parts, by asking for it where the server does not say it by itself") {
        const std::string begun =
            answer("200 OK", "",
                   "<InitiateMultipartUploadResult><UploadId>u</UploadId></InitiateMultipartUploadResult>");
        const std::string completed =
            answer("200 OK", "",
                   "<CompleteMultipartUploadResult><ETag>\"e-2\"</ETag></CompleteMultipartUploadResult>");
        const std::string refused = "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n";
        const std::string why = answer("403 Forbidden", "", error_body("AccessDenied"));
        for (const auto& [looked_at, code] :
             {std::pair(std::vector{stored}, ErrorCode::unsupported),
              std::pair(std::vector{encrypted}, ErrorCode::ok),
              std::pair(std::vector{refused, why}, ErrorCode::outcome_unknown)}) {
            std::vector<std::string> answers{begun, stored, stored, completed};
            answers.insert(answers.end(), looked_at.begin(), looked_at.end());
            const ScriptedServer server({conversation(answers)});
            S3ClientOptions options = options_for(server);
            options.part_size = std::uint64_t{5} << 20U;
            options.parallel_parts = 1;
            options.expect_threshold.reset();
            request.source = source_from_string(std::string(options.part_size + 1, 'x'));
            CHECK(code_of(S3Client::open(options).value().put(request)) == code);
            CHECK(server.requests().at(4).line() == "HEAD /bucket/key HTTP/1.1");
        }
    }
}

TEST_CASE("a completion that conflicts with another is not asked for again", "[wire]") {
    const std::string begun =
        answer("200 OK", "",
               "<InitiateMultipartUploadResult><UploadId>u</UploadId></InitiateMultipartUploadResult>");
    const std::string conflict = answer("409 Conflict", "", error_body("ConditionalRequestConflict"));
    const std::string gone = answer("404 Not Found", "", error_body("NoSuchUpload"));
    const ScriptedServer server({conversation({begun, stored, stored, conflict, gone})});
    S3ClientOptions options = options_for(server);
    options.part_size = std::uint64_t{5} << 20U;
    options.parallel_parts = 1;
    options.expect_threshold.reset();
    options.retry.max_attempts = 3;
    S3PutRequest request;
    request.bucket = "bucket";
    request.key = "key";
    request.conditions.if_none_match = "*";
    request.source = source_from_string(std::string(options.part_size + 1, 'x'));
    CHECK(code_of(S3Client::open(options).value().put(request)) == ErrorCode::conflict);
    CHECK(server.requests().size() == 5);
}
