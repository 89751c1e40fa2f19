/// Servers that do not answer, calls that are ended.

#include <sys/socket.h>

#include <catch2/catch.hpp>
#include <future>

#include "support/answers.h"
#include "support/eventually.h"
#include "support/files.h"
#include "support/random_bytes.h"
#include "support/temporary_directory.h"
#include "support/test_streams.h"
#include "wire/s3_client.h"

using namespace filestore;
using namespace filestore::test;
using namespace std::chrono_literals;

namespace {

/// Servers that stop at different places.
std::vector<Script> stalling_scripts() {
    const std::string partial = "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nsome";
    return {{Stall{}},
            {ExpectRequest{}, Stall{}},
            {ExpectRequest{}, Send{"HTTP/1.1 200 O"}, Stall{}},
            {ExpectRequest{}, Send{"HTTP/1.1 200 OK\r\nContent-Le"}, Stall{}},
            {ExpectRequest{}, Send{partial}, Stall{}}};
}

std::shared_ptr<StorageBackend> open_impatient(const ScriptedServer& server) {
    S3Options options = options_for(server);
    options.first_byte_timeout = 300ms;
    options.stall_timeout = 300ms;
    return open_s3_backend(options).value();
}

}  // namespace

TEST_CASE("a server that stalls times out", "[wire]") {
    const TemporaryDirectory directory;
    for (const Script& script : stalling_scripts()) {
        const ScriptedServer server({script});
        const auto receipt =
            open_impatient(server)->download(download_to(sink_to_path(directory.file("f")).value()));
        REQUIRE_FALSE(receipt.ok());
        CHECK(receipt.error().code() == ErrorCode::timeout);
        CHECK(names_in(directory.path()).empty());
    }
    const ScriptedServer deaf({{ExpectHead{}, Send{"HTTP/1.1 100 Continue\r\n\r\n"}, Stall{}}});
    CHECK(open_impatient(deaf)->upload(upload_of(random_bytes(20'000'000))).error().code() ==
          ErrorCode::timeout);
}

TEST_CASE("waiting for the caller's stream is no stall", "[wire]") {
    const std::string content = random_bytes(2'000'000);
    const ScriptedServer server({conversation({answer("200 OK", "", content)})});
    S3Options options = options_for(server);
    options.stall_timeout = 50ms;
    const auto sink = std::make_shared<BufferSink>();
    CallbackSink callbacks;
    callbacks.blocking = true;
    callbacks.write = [&, first = true](std::span<const std::byte> bytes, const Wake& wake) mutable {
        if (std::exchange(first, false)) {
            std::this_thread::sleep_for(700ms);
        }
        return sink->write(bytes, wake);
    };
    REQUIRE(open_s3_backend(options).value()->download(download_to(sink_to_callback(callbacks))).ok());
    CHECK(sink->bytes() == content);
}

TEST_CASE("a deadline ends a call at every stage", "[wire]") {
    for (const Script& script : stalling_scripts()) {
        const ScriptedServer server({script});
        DownloadRequest request = download_to(std::make_shared<BufferSink>());
        request.call.deadline = deadline_in(100ms);
        const auto receipt = open_on(server)->download(std::move(request));
        REQUIRE_FALSE(receipt.ok());
        CHECK(receipt.error().code() == ErrorCode::timeout);
    }
}

TEST_CASE("a call can be cancelled at every stage", "[wire]") {
    for (const Script& script : stalling_scripts()) {
        const ScriptedServer server({script});
        const auto backend = open_on(server);
        std::stop_source stop;
        Answers<DownloadReceipt> answers;
        DownloadRequest request = download_to(std::make_shared<BufferSink>());
        request.call.cancel = stop.get_token();
        backend->download_async(std::move(request), answers.next());
        CHECK(eventually([&] { return server.connections() == 1; }));
        stop.request_stop();
        CHECK(answers.wait_for_one().error().code() == ErrorCode::cancelled);
    }
}

TEST_CASE("a stalled source ends with its call", "[wire]") {
    for (const bool is_signed : {true, false}) {
        const ScriptedServer server({{ExpectHead{}, Stall{}}});
        S3Options options = options_for(server);
        options.payload_signing =
            is_signed ? S3PayloadSigning::signed_payload : S3PayloadSigning::unsigned_payload;
        options.stall_timeout = 50ms;
        const auto backend = open_s3_backend(options).value();
        const auto stalled = std::make_shared<StalledSource>("abc");
        CallbackSource callbacks;
        callbacks.blocking = false;
        callbacks.size = 5000;
        callbacks.rewind = []() -> Result<void> { return {}; };
        callbacks.read = [stalled](std::span<std::byte> into, const Wake& wake) {
            return stalled->read(into, wake);
        };
        UploadRequest request = upload_of(source_from_callback(callbacks));
        request.call.deadline = deadline_in(800ms);
        const auto receipt = backend->upload(std::move(request));
        REQUIRE_FALSE(receipt.ok());
        CHECK(receipt.error().code() == ErrorCode::timeout);
        CHECK_FALSE(receipt.error().retryable());
    }
}

TEST_CASE("closing completes 100 pending calls once each with cancelled", "[wire]") {
    const ScriptedServer server(std::vector<Script>(100, Script{Stall{}}));
    auto backend = open_on(server);
    Answers<bool> answers;
    Answers<UploadReceipt> uploads;
    for (int i = 0; i < 80; ++i) {
        backend->remove_async({some_id(), {}}, answers.next());
    }
    for (int i = 0; i < 20; ++i) {
        backend->upload_async(upload_of(std::make_shared<StalledSource>("abc")), uploads.next());
    }
    CHECK(eventually([&] { return server.connections() > 0; }));
    backend.reset();
    CHECK(answers.count() == 80);
    CHECK(uploads.count() == 20);
    for (const auto& answer : answers.wait_for(80)) {
        REQUIRE_FALSE(answer.ok());
        CHECK(answer.error().code() == ErrorCode::cancelled);
    }
    for (const auto& answer : uploads.wait_for(20)) {
        CHECK(answer.error().code() == ErrorCode::cancelled);
    }
    CHECK(answers.all_on_library_threads());
}

TEST_CASE("the backend may be destroyed inside a completion", "[wire]") {
    const std::size_t before = thread_count();
    {
        const ScriptedServer server({conversation({answer("204 No Content", "", "")}), {Stall{}}, {Stall{}}});
        auto backend = std::make_shared<std::shared_ptr<StorageBackend>>(open_on(server));
        Answers<DownloadReceipt> downloads;
        std::promise<void> destroyed;
        (*backend)->remove_async({some_id(), {}}, [backend, &destroyed, &downloads](const Result<bool>&) {
            (*backend)->download_async(download_to(std::make_shared<BufferSink>()), downloads.next());
            backend->reset();
            destroyed.set_value();
        });
        backend.reset();
        destroyed.get_future().wait();
        CHECK(downloads.wait_for_one().error().code() == ErrorCode::cancelled);
    }
    CHECK(eventually([&] { return thread_count() <= before; }));
}

TEST_CASE("no server", "[wire]") {
    std::string endpoint;
    {
        const ScriptedServer gone;
        endpoint = gone.endpoint();
    }
    S3Options options;
    options.bucket = "bucket";
    options.retry.max_attempts = 1;
    options.credentials.access_key = access_key;
    options.credentials.secret_key = secret_key;
    for (const std::string& address : {endpoint, std::string("http://no-such-host.invalid")}) {
        INFO(address);
        options.endpoint = address;
        const auto exists = open_s3_backend(options).value()->exists({some_id(), {}});
        REQUIRE_FALSE(exists.ok());
        CHECK(exists.error().code() == ErrorCode::unavailable);
        CHECK(exists.error().retryable());
    }
}

TEST_CASE("a server without TLS where TLS is expected", "[wire]") {
    const ScriptedServer server({{Send{"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n"}}});
    S3Options options = options_for(server);
    options.endpoint = "https://127.0.0.1:" + std::to_string(server.port());
    const auto exists = open_s3_backend(options).value()->exists({some_id(), {}});
    REQUIRE_FALSE(exists.ok());
    CHECK(exists.error().code() == ErrorCode::unavailable);
    CHECK(server.requests().empty());
}
