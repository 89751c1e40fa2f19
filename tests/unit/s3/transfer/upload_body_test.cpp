#include "s3/transfer/upload_body.h"

#include <catch2/catch.hpp>
#include <future>

#include "core/digest.h"
#include "core/encoding.h"
#include "support/random_bytes.h"
#include "support/reading.h"
#include "support/temporary_directory.h"
#include "support/test_streams.h"

using filestore::CallbackSource;
using filestore::ErrorCode;
using filestore::IoStep;
using filestore::Reactor;
using filestore::Result;
using filestore::Runtime;
using filestore::Source;
using filestore::Wake;
using filestore::s3::prepare_upload_body;
using filestore::s3::UploadBody;
using filestore::s3::UploadBodyOptions;
using filestore::test::bytes_of;
using filestore::test::HesitantSource;
using filestore::test::mislabelled_source;
using filestore::test::random_bytes;
using filestore::test::read_all;
using filestore::test::StalledSource;
using filestore::test::TemporaryDirectory;

namespace {

struct Fixture {
    TemporaryDirectory spool;
    Runtime runtime{filestore::make_thread_pool(), std::make_shared<Reactor>()};
    std::stop_source stop;

    Result<UploadBody> prepare(std::shared_ptr<Source> source, bool is_signed,
                               std::optional<std::chrono::steady_clock::time_point> deadline = {}) const {
        std::promise<Result<UploadBody>> prepared;
        prepare_upload_body(runtime, stop.get_token(), deadline, std::move(source),
                            UploadBodyOptions{is_signed, spool.path().string(), {}},
                            [&](Result<UploadBody> body) { prepared.set_value(std::move(body)); });
        return prepared.get_future().get();
    }
};

/// Counts how often it is read.
std::shared_ptr<Source> counted(const std::string& content, int& reads, bool rewinds) {
    const auto inner = filestore::source_from_string(content);
    CallbackSource callbacks;
    callbacks.blocking = false;
    callbacks.size = content.size();
    callbacks.read = [inner, &reads](std::span<std::byte> into, const Wake& wake) {
        ++reads;
        return inner->read(into, wake);
    };
    if (rewinds) {
        callbacks.rewind = [inner] { return inner->rewind(); };
    }
    return filestore::source_from_callback(callbacks);
}

std::string hash_of(const std::string& content) {
    filestore::Sha256 hash;
    hash.update(bytes_of(content));
    return filestore::to_hex(hash.finish());
}

}  // namespace

TEST_CASE_METHOD(Fixture, "a body of known size that rewinds is not read before it is sent",
                 "[upload_body]") {
    int reads = 0;
    const auto body = prepare(counted("hello", reads, true), false);
    REQUIRE(body.ok());
    CHECK(reads == 0);
    CHECK(body->size == 5);
    CHECK(body->payload_hash == "UNSIGNED-PAYLOAD");
    CHECK(body->pump == nullptr);
    CHECK(read_all(*body->source, 3).value() == "hello");
}

TEST_CASE_METHOD(Fixture, "a signed body is hashed first, and given again", "[upload_body]") {
    for (const std::size_t size : {std::size_t{0}, std::size_t{5}, std::size_t{2'000'000}}) {
        for (const bool rewinds : {true, false}) {
            const std::string content = random_bytes(size);
            int reads = 0;
            const auto body = prepare(counted(content, reads, rewinds), true);
            REQUIRE(body.ok());
            CHECK(body->payload_hash == hash_of(content));
            CHECK(body->source->can_rewind());
            if (!body->pump) {
                CHECK(read_all(*body->source, 100'000).value() == content);
            }
        }
    }
}

TEST_CASE_METHOD(Fixture, "a source of unknown size is spooled", "[upload_body]") {
    const std::string content = random_bytes(500'000);
    const auto body = prepare(std::make_shared<HesitantSource>(content, 90'000), false);
    REQUIRE(body.ok());
    CHECK(body->size == content.size());
    CHECK(body->source->can_rewind());
    CHECK(read_all(*body->source, 100'000).value() == content);

    const auto large = prepare(std::make_shared<HesitantSource>(random_bytes(3'000'000), 900'000), false);
    REQUIRE(large.ok());
    CHECK(large->size == 3'000'000);
    CHECK(large->pump != nullptr);
    CHECK_FALSE(large->source->blocking());
    CHECK(std::filesystem::is_empty(spool.path()));
}

TEST_CASE_METHOD(Fixture, "a source that lies about its size", "[upload_body]") {
    for (const bool rewinds : {true, false}) {
        for (const std::uint64_t declared : {0U, 4U, 6U}) {
            const auto body = prepare(mislabelled_source("hello", declared, rewinds), true);
            REQUIRE_FALSE(body.ok());
            CHECK(body.error().code() == ErrorCode::source_failed);
        }
    }
    CHECK(prepare(mislabelled_source("hello", 0, true), false).error().code() == ErrorCode::source_failed);
}

TEST_CASE_METHOD(Fixture, "failures while reading ahead", "[upload_body]") {
    const auto failed = prepare(filestore::test::failing_source("abc", 8), false);
    REQUIRE_FALSE(failed.ok());
    CHECK(failed.error().details().caller_code == 8);
    CHECK(prepare(std::make_shared<StalledSource>("abc"), false,
                  filestore::deadline_in(std::chrono::milliseconds(20)))
              .error()
              .code() == ErrorCode::timeout);
}

TEST_CASE_METHOD(Fixture, "reading ahead ends when the call is cancelled", "[upload_body]") {
    std::promise<ErrorCode> ended;
    prepare_upload_body(runtime, stop.get_token(), {}, std::make_shared<StalledSource>("abc"),
                        UploadBodyOptions{false, spool.path().string(), {}},
                        [&](const Result<UploadBody>& body) { ended.set_value(body.error().code()); });
    stop.request_stop();
    CHECK(ended.get_future().get() == ErrorCode::cancelled);
}
