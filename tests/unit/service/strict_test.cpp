#include <catch2/catch.hpp>
#include <chrono>
#include <future>
#include <string>

#include "filestore/service.h"
#include "support/code_of.h"
#include "support/temporary_directory.h"

using namespace filestore;
using filestore::test::TemporaryDirectory;

namespace {

/// A service with a project that nobody answers for.
FileService open_strict(const TemporaryDirectory& directory) {
    ServiceOptions options;
    options.local.base_path = directory.file("store");
    options.local.durability = Durability::none;
    options.audit.url = "http://127.0.0.1:9";
    options.audit.key = "sb_secret_of_the_test";
    options.audit.strict = true;
    return FileService::open(std::move(options)).value();
}

CallOptions until_soon() {
    CallOptions call;
    call.deadline = std::chrono::steady_clock::now() + std::chrono::milliseconds(200);
    return call;
}

FileUpload some_file(CallOptions call) {
    FileUpload file;
    file.source = source_from_string("content");
    file.path = "a.txt";
    file.call = std::move(call);
    return file;
}

}  // namespace

TEST_CASE("in strict mode an upload says that it is stored but not delivered", "[audit][strict]") {
    const TemporaryDirectory directory;
    FileService service = open_strict(directory);
    const auto stored = service.upload(some_file(until_soon()));
    REQUIRE(code_of(stored) == ErrorCode::not_delivered);
    CHECK_FALSE(stored.error().retryable());
    const auto files = service.list({})->files;
    REQUIRE(files.size() == 1);
    CHECK_THAT(std::string(stored.error().message()), Catch::Contains(files[0].id.str() + " is stored"));
    CHECK(service.audit_status({})->pending == 1);

    FileRequest removal;
    removal.id = files[0].id;
    removal.call = until_soon();
    CHECK(code_of(service.remove(removal)) == ErrorCode::not_delivered);
    CHECK(service.list({})->files.empty());
    CHECK(service.audit_status({})->pending == 1);
}

TEST_CASE("a strict upload ends with its service", "[audit][strict]") {
    const TemporaryDirectory directory;
    std::promise<Result<FileId>> answered;
    {
        FileService service = open_strict(directory);
        service.upload_async(some_file({}),
                             [&](Result<FileId> result) { answered.set_value(std::move(result)); });
        while (service.audit_status({})->pending == 0) {
            std::this_thread::yield();
        }
    }
    CHECK(code_of(answered.get_future().get()) == ErrorCode::not_delivered);
}

TEST_CASE("a strict upload that is cancelled while it waits is stored", "[audit][strict]") {
    const TemporaryDirectory directory;
    FileService service = open_strict(directory);
    std::stop_source stop;
    CallOptions call;
    call.cancel = stop.get_token();
    std::promise<Result<FileId>> answered;
    service.upload_async(some_file(call),
                         [&](Result<FileId> result) { answered.set_value(std::move(result)); });
    while (service.audit_status({})->pending == 0) {
        std::this_thread::yield();
    }
    stop.request_stop();
    CHECK(code_of(answered.get_future().get()) == ErrorCode::not_delivered);
    CHECK(service.list({})->files.size() == 1);
}

TEST_CASE("strict mode needs an audit server", "[audit][strict]") {
    const TemporaryDirectory directory;
    ServiceOptions options;
    options.local.base_path = directory.file("store");
    options.audit.url = "off";
    options.audit.strict = true;
    CHECK(code_of(FileService::open(std::move(options))) == ErrorCode::configuration);
}

TEST_CASE("where as many files wait as may, nothing more is stored, and deletions go on", "[audit]") {
    const TemporaryDirectory directory;
    ServiceOptions options;
    options.local.base_path = directory.file("store");
    options.local.durability = Durability::none;
    options.audit.url = "http://127.0.0.1:9";
    options.audit.key = "sb_secret_of_the_test";
    options.audit.most_pending = 2;
    FileService service = FileService::open(std::move(options)).value();
    const FileId first = service.upload(some_file({})).value();
    REQUIRE(service.upload(some_file({})).ok());
    const auto refused = service.upload(some_file({}));
    REQUIRE(code_of(refused) == ErrorCode::no_space);
    CHECK_THAT(std::string(refused.error().message()), Catch::Contains("audit_most_pending"));
    CHECK(service.list({})->files.size() == 2);

    CHECK(service.remove({.id = first}).value());
    CHECK(service.audit_status({})->pending == 2);
    CHECK(code_of(service.upload(some_file({}))) == ErrorCode::no_space);
}
