/// When connections are kept, and that they are.

#include <catch2/catch.hpp>

#include "support/eventually.h"
#include "support/random_bytes.h"
#include "support/test_streams.h"
#include "wire/s3_client.h"

using namespace filestore;
using namespace filestore::test;

TEST_CASE("one connection serves answers of every status", "[wire]") {
    const std::string denied = answer("403 Forbidden", "", error_body("AccessDenied"));
    const ScriptedServer server({conversation({
        answer("200 OK", "ETag: \"x\"\r\n", ""),
        answer("404 Not Found", "", error_body("NoSuchKey")),
        denied,
        answer("412 Precondition Failed", "", error_body("PreconditionFailed")),
        answer("503 Slow Down", "", error_body("SlowDown")),
        "HTTP/1.1 403 Forbidden\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nabcd\r\n0\r\n\r\n",
        answer("204 No Content", "", ""),
    })});
    const auto backend = open_on(server);
    CHECK(backend->upload(upload_of("hello")).ok());
    CHECK(backend->download(download_to(std::make_shared<BufferSink>())).error().code() ==
          ErrorCode::not_found);
    CHECK(backend->list({}).error().code() == ErrorCode::permission_denied);
    UploadRequest conditional = upload_of("hello");
    conditional.create_only = true;
    CHECK(backend->upload(std::move(conditional)).error().code() == ErrorCode::already_exists);
    CHECK(backend->list({}).error().code() == ErrorCode::rate_limited);
    CHECK(backend->list({}).error().code() == ErrorCode::permission_denied);
    CHECK(backend->remove({some_id(), {}}).ok());
    CHECK(server.requests().size() == 7);
    CHECK(server.connections() == 1);
}

TEST_CASE("a connection outlives the idle loop's thread", "[wire]") {
    const ScriptedServer server(
        {conversation({answer("204 No Content", "", ""), answer("204 No Content", "", "")})});
    const std::size_t before = thread_count();
    const auto backend = open_on(server);
    REQUIRE(backend->remove({some_id(), {}}).ok());
    // The server has one more, for the connection.
    CHECK(eventually([&] { return thread_count() <= before + 1; }));
    REQUIRE(backend->remove({some_id(), {}}).ok());
    CHECK(server.connections() == 1);
}

TEST_CASE("a kept connection that the server has given up is replaced, and the body sent again whole",
          "[wire]") {
    const std::string content = random_bytes(200'000);
    const std::string stored = answer("200 OK", "ETag: \"x\"\r\n", "");
    const std::shared_ptr<Source> sources[] = {source_from_string(content),
                                               std::make_shared<HesitantSource>(content, 50'000)};
    for (const auto& source : sources) {
        const ScriptedServer server(
            {{ExpectRequest{}, Send{stored}, ExpectRequest{}, Reset{}}, conversation({stored})});
        S3Options options = options_for(server);
        options.event_loops = 1;
        const auto backend = open_s3_backend(options).value();
        REQUIRE(backend->upload(upload_of("small")).ok());
        const auto receipt = backend->upload(upload_of(source));
        REQUIRE(receipt.ok());
        CHECK(server.connections() == 2);
        CHECK(server.requests().size() == 3);
        CHECK(server.requests().back().body == content);
    }
}

TEST_CASE("nothing is sent before the first call, and the threads end after the last", "[wire]") {
    const std::size_t before = thread_count();
    const ScriptedServer server({conversation({answer("204 No Content", "", "")})});
    {
        const auto backend = open_on(server);
        CHECK(thread_count() <= before + 1);
        CHECK(server.connections() == 0);
        REQUIRE(backend->remove({some_id(), {}}).ok());
        CHECK(eventually([&] { return thread_count() <= before + 2; }));
    }
    CHECK(server.connections() == 1);
}

TEST_CASE("many calls at once are each answered once", "[wire]") {
    std::vector<Script> scripts(
        200, conversation(std::vector<std::string>(100, answer("204 No Content", "", ""))));
    const ScriptedServer server(std::move(scripts));
    const auto backend = open_on(server);
    std::atomic<int> answered{0};
    for (int i = 0; i < 100; ++i) {
        backend->remove_async({some_id(), {}},
                              [&](const Result<bool>& result) { answered += result.ok() ? 1 : 1000; });
    }
    CHECK(eventually([&] { return answered == 100; }));
    CHECK(server.requests().size() == 100);
    CHECK(server.connections() <= 32);
}
