#include <algorithm>
#include <atomic>
#include <catch2/catch.hpp>
#include <condition_variable>
#include <filesystem>
#include <mutex>
#include <thread>

#include "conformance/stores.h"
#include "support/random_bytes.h"
#include "support/test_streams.h"

using namespace filestore;
using namespace filestore::test;

namespace {

std::size_t thread_count() {
    const std::filesystem::directory_iterator tasks("/proc/self/task");
    return static_cast<std::size_t>(std::distance(begin(tasks), end(tasks)));
}

/// Before any case: the main thread, and the one that the thread sanitizer starts with the program's first.
const std::size_t threads_of_program = [] {
    std::thread([] {}).join();
    return thread_count();
}();

/// Threads of earlier cases end once they have been idle.
void wait_for_idle_threads() {
    while (thread_count() > threads_of_program) {
        std::this_thread::yield();
    }
}

/// Counts completions by outcome, and waits for them.
class Tally {
public:
    template <class T>
    Completion<T> counter() {
        return [this](const Result<T>& result) {
            const std::lock_guard lock(mutex_);
            ++completions_;
            if (result.ok()) {
                ++successes_;
            } else {
                codes_.push_back(result.error().code());
            }
            changed_.notify_all();
        };
    }

    void wait_for(std::size_t completions) {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [&] { return completions_ >= completions; });
    }

    std::size_t completions() {
        const std::lock_guard lock(mutex_);
        return completions_;
    }
    std::size_t successes() {
        const std::lock_guard lock(mutex_);
        return successes_;
    }
    std::vector<ErrorCode> codes() {
        const std::lock_guard lock(mutex_);
        return codes_;
    }

private:
    std::mutex mutex_;
    std::condition_variable changed_;
    std::size_t completions_ = 0;
    std::size_t successes_ = 0;
    std::vector<ErrorCode> codes_;
};

UploadRequest stalled_upload(std::function<void()> on_stall = {}) {
    UploadRequest request = upload_of("");
    request.source = std::make_shared<StalledSource>(random_bytes(100'000), std::move(on_stall));
    return request;
}

}  // namespace

TEST_CASE("a service that is not used owns no thread", "[lifecycle]") {
    FOR_EACH_STORE(store);
    wait_for_idle_threads();
    const FileService service = store.open_service();
    CHECK(thread_count() == threads_of_program);
}

TEST_CASE("a thousand queued downloads need few threads and complete once each", "[lifecycle]") {
    FOR_EACH_STORE(store);
    wait_for_idle_threads();
    constexpr std::size_t count = 1000;
    constexpr std::size_t most_library_threads = 8;
    FileService service = store.open_service();
    FileUpload upload;
    const std::string bytes = random_bytes(10'000);
    upload.source = source_from_string(bytes);
    const auto id = service.upload(std::move(upload));
    REQUIRE(id.ok());

    Tally tally;
    std::vector<std::shared_ptr<BufferSink>> sinks;
    for (std::size_t i = 0; i < count; ++i) {
        sinks.push_back(std::make_shared<BufferSink>());
        DownloadRequest request;
        request.id = *id;
        request.sink = sinks.back();
        service.download_async(std::move(request), tally.counter<DownloadReceipt>());
    }
    std::size_t most_threads = 0;
    while (tally.completions() < count) {
        most_threads = std::max(most_threads, thread_count());
        std::this_thread::yield();
    }
    CHECK(most_threads <= threads_of_program + most_library_threads);
    CHECK(tally.completions() == count);
    CHECK(tally.successes() == count);
    CHECK(std::all_of(sinks.begin(), sinks.end(), [&](const auto& sink) { return sink->bytes() == bytes; }));
}

TEST_CASE("a call is not answered inside its start", "[lifecycle]") {
    FOR_EACH_STORE(store);
    const auto backend = store.open_backend();
    Tally tally;
    const auto caller = std::this_thread::get_id();
    std::atomic<bool> on_caller{false};
    for (const FileId& id : {FileId(), *FileId::generate()}) {
        backend->exists_async({id, {}}, [&, count = tally.counter<bool>()](Result<bool> result) {
            on_caller = on_caller || std::this_thread::get_id() == caller;
            count(std::move(result));
        });
    }
    tally.wait_for(2);
    CHECK_FALSE(on_caller);
}

TEST_CASE("a blocking call inside a completion answers would_deadlock", "[lifecycle]") {
    FOR_EACH_STORE(store);
    const auto backend = store.open_backend();
    const FileId id = store_bytes(*backend, "x");
    Tally tally;
    ErrorCode code = ErrorCode::ok;
    backend->exists_async({id, {}}, [&](const Result<bool>& result) {
        const auto nested = backend->exists({id, {}});
        code = nested.ok() ? ErrorCode::ok : nested.error().code();
        tally.counter<bool>()(result);
    });
    tally.wait_for(1);
    CHECK(code == ErrorCode::would_deadlock);
}

TEST_CASE("an upload whose source waits can be cancelled, and leaves nothing", "[lifecycle]") {
    FOR_EACH_STORE(store);
    const auto backend = store.open_backend();
    std::stop_source stop;
    UploadRequest request = stalled_upload([&] { std::thread([&] { stop.request_stop(); }).detach(); });
    request.call.cancel = stop.get_token();
    const auto receipt = backend->upload(std::move(request));
    REQUIRE_FALSE(receipt.ok());
    CHECK(receipt.error().code() == ErrorCode::cancelled);
    CHECK(list_ids(*backend).empty());
}

TEST_CASE("a call that is cancelled before it starts does nothing", "[lifecycle]") {
    FOR_EACH_STORE(store);
    const auto backend = store.open_backend();
    std::stop_source stop;
    stop.request_stop();
    UploadRequest request = upload_of("x");
    request.call.cancel = stop.get_token();
    const auto receipt = backend->upload(std::move(request));
    REQUIRE_FALSE(receipt.ok());
    CHECK(receipt.error().code() == ErrorCode::cancelled);
    CHECK(list_ids(*backend).empty());
}

TEST_CASE("a deadline ends an upload whose source waits", "[lifecycle]") {
    FOR_EACH_STORE(store);
    const auto backend = store.open_backend();
    UploadRequest request = stalled_upload();
    request.call.deadline = deadline_in(std::chrono::milliseconds(50));
    const auto receipt = backend->upload(std::move(request));
    REQUIRE_FALSE(receipt.ok());
    CHECK(receipt.error().code() == ErrorCode::timeout);
    CHECK(list_ids(*backend).empty());
}

TEST_CASE("a download into a sink that waits can be cancelled", "[lifecycle]") {
    FOR_EACH_STORE(store);
    const auto backend = store.open_backend();
    const FileId id = store_bytes(*backend, random_bytes(3'000'000));
    std::stop_source stop;
    CallbackSink callbacks;
    callbacks.blocking = false;
    callbacks.write = [&](std::span<const std::byte>, const Wake&) -> Result<IoStep> {
        std::thread([&] { stop.request_stop(); }).detach();
        return IoStep{0, true};
    };
    DownloadRequest request;
    request.id = id;
    request.sink = sink_to_callback(std::move(callbacks));
    request.call.cancel = stop.get_token();
    const auto receipt = backend->download(std::move(request));
    REQUIRE_FALSE(receipt.ok());
    CHECK(receipt.error().code() == ErrorCode::cancelled);
}

TEST_CASE("destroying a backend completes every pending call with cancelled", "[lifecycle]") {
    FOR_EACH_STORE(store);
    constexpr std::size_t count = 100;
    Tally tally;
    {
        const auto backend = store.open_backend();
        for (std::size_t i = 0; i < count; ++i) {
            backend->upload_async(stalled_upload(), tally.counter<UploadReceipt>());
        }
    }
    CHECK(tally.completions() == count);
    const std::vector<ErrorCode> codes = tally.codes();
    CHECK(std::count(codes.begin(), codes.end(), ErrorCode::cancelled) == count);
    CHECK(list_ids(*store.open_backend()).empty());
}

TEST_CASE("destroying a service completes every pending call with cancelled", "[lifecycle]") {
    FOR_EACH_STORE(store);
    constexpr std::size_t count = 20;
    Tally tally;
    {
        FileService service = store.open_service();
        for (std::size_t i = 0; i < count; ++i) {
            FileUpload upload;
            upload.source = std::make_shared<StalledSource>(random_bytes(1000));
            service.upload_async(std::move(upload), tally.counter<FileId>());
        }
    }
    CHECK(tally.completions() == count);
    const std::vector<ErrorCode> codes = tally.codes();
    CHECK(std::count(codes.begin(), codes.end(), ErrorCode::cancelled) == count);
    CHECK(list_ids(*store.open_backend()).empty());
}

TEST_CASE("a service can be destroyed by its own completion", "[lifecycle]") {
    FOR_EACH_STORE(store);
    Tally tally;
    auto service = std::make_shared<FileService>(store.open_service());
    FileService& used = *service;
    used.exists_async(
        {*FileId::generate(), {}},
        [service = std::move(service), count = tally.counter<bool>()](Result<bool> result) mutable {
            service.reset();
            count(std::move(result));
        });
    tally.wait_for(1);
    CHECK(tally.successes() == 1);
}

TEST_CASE("progress grows and ends at the size of the file", "[lifecycle]") {
    FOR_EACH_STORE(store);
    const auto backend = store.open_backend();
    const std::string bytes = random_bytes(5'000'000);
    std::mutex mutex;
    std::vector<std::uint64_t> reports;
    const auto note = [&](const Progress& progress) {
        const std::lock_guard lock(mutex);
        reports.push_back(progress.bytes_done);
    };
    UploadRequest upload = upload_of(bytes);
    const FileId id = upload.id;
    upload.call.progress = note;
    REQUIRE(backend->upload(std::move(upload)).ok());
    REQUIRE_FALSE(reports.empty());
    CHECK(std::is_sorted(reports.begin(), reports.end()));
    CHECK(reports.back() == bytes.size());

    reports.clear();
    DownloadRequest download;
    download.id = id;
    download.sink = std::make_shared<BufferSink>();
    download.call.progress = note;
    REQUIRE(backend->download(std::move(download)).ok());
    REQUIRE_FALSE(reports.empty());
    CHECK(std::is_sorted(reports.begin(), reports.end()));
    CHECK(reports.back() == bytes.size());
}
