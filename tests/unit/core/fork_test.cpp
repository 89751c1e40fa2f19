#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <csignal>
#include <functional>

#include "filestore/local_backend.h"
#include "filestore/s3_backend.h"
#include "support/answers.h"
#include "support/temporary_directory.h"
#include "support/test_streams.h"

using filestore::ErrorCode;
using filestore::FileId;
using filestore::StorageBackend;
using filestore::UploadReceipt;
using filestore::UploadRequest;
using filestore::test::Answers;
using filestore::test::TemporaryDirectory;

namespace {

/// Runs `work` in a forked child, which is killed should it hang; answers what `work` did.
bool holds_in_child(const std::function<bool()>& work) {
    const pid_t child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) {
        ::alarm(30);
        ::_exit(work() ? 0 : 1);
    }
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

UploadRequest small_upload() {
    UploadRequest request;
    request.id = FileId::generate().value();
    request.source = filestore::source_from_string("abc");
    return request;
}

bool every_call_answers_forked(StorageBackend& backend) {
    const FileId id = FileId::generate().value();
    const auto sink = std::make_shared<filestore::BufferSink>();
    return backend.upload(small_upload()).error().code() == ErrorCode::forked &&
           backend.download({id, sink, {}, {}, {}}).error().code() == ErrorCode::forked &&
           backend.remove({id, {}}).error().code() == ErrorCode::forked &&
           backend.exists({id, {}}).error().code() == ErrorCode::forked &&
           backend.metadata({id, {}}).error().code() == ErrorCode::forked &&
           backend.list({}).error().code() == ErrorCode::forked;
}

}  // namespace

TEST_CASE("a local store made before fork answers forked in the child and goes on in the parent", "[fork]") {
    const TemporaryDirectory directory;
    filestore::LocalOptions options;
    options.base_path = directory.path().string();
    auto backend = filestore::open_local_backend(options).value();
    REQUIRE(backend->upload(small_upload()).ok());
    // Its reactor runs, and its pool has threads.
    Answers<UploadReceipt> answers;
    UploadRequest waiting = small_upload();
    waiting.source = std::make_shared<filestore::test::StalledSource>("abc");
    waiting.call.deadline = filestore::deadline_in(std::chrono::hours(1));
    backend->upload_async(std::move(waiting), answers.next());

    CHECK(holds_in_child([&] {
        const bool refused = every_call_answers_forked(*backend);
        backend->close();
        backend.reset();
        return refused;
    }));
    CHECK(holds_in_child([&] {
        const auto fresh = filestore::open_local_backend(options);
        return fresh.ok() && (*fresh)->upload(small_upload()).ok();
    }));
    CHECK(backend->upload(small_upload()).ok());
    CHECK(answers.count() == 0);
    backend.reset();
    CHECK(answers.count() == 1);
}

TEST_CASE("an S3 store made before fork answers forked in the child", "[fork]") {
    filestore::S3Options options;
    options.bucket = "bucket";
    options.endpoint = "http://127.0.0.1:1";
    options.retry.max_attempts = 1;
    options.credentials.access_key = "key";
    options.credentials.secret_key = "secret";
    auto backend = filestore::open_s3_backend(options).value();
    CHECK(backend->exists({FileId::generate().value(), {}}).error().code() == ErrorCode::unavailable);
    CHECK(holds_in_child([&] {
        const bool refused = every_call_answers_forked(*backend);
        backend.reset();
        return refused;
    }));
    CHECK(holds_in_child([&] {
        const auto fresh = filestore::open_s3_backend(options).value();
        return fresh->exists({FileId::generate().value(), {}}).error().code() == ErrorCode::unavailable;
    }));
    CHECK(backend->exists({FileId::generate().value(), {}}).error().code() == ErrorCode::unavailable);
}
