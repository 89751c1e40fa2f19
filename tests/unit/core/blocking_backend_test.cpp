#include "filestore/blocking_backend.h"

#include <atomic>
#include <catch2/catch.hpp>
#include <future>
#include <stdexcept>
#include <thread>

#include "core/backend_handle.h"
#include "core/library_thread.h"
#include "support/answers.h"
#include "support/eventually.h"
#include "support/executors.h"
#include "support/memory_backend.h"
#include "support/random_bytes.h"
#include "support/reading.h"
#include "support/test_streams.h"

using filestore::BufferSink;
using filestore::CallbackSink;
using filestore::CallbackSource;
using filestore::DownloadReceipt;
using filestore::DownloadRequest;
using filestore::Error;
using filestore::ErrorCode;
using filestore::FileId;
using filestore::FileInfo;
using filestore::IoStep;
using filestore::Progress;
using filestore::Result;
using filestore::Source;
using filestore::StorageBackend;
using filestore::UploadReceipt;
using filestore::UploadRequest;
using filestore::Wake;
using filestore::test::Answers;
using filestore::test::eventually;
using filestore::test::HesitantSink;
using filestore::test::HesitantSource;
using filestore::test::ManualExecutor;
using filestore::test::MemoryBackend;
using filestore::test::random_bytes;
using filestore::test::StalledSource;
using filestore::test::thread_count;
using filestore::test::ThreadExecutor;

namespace {

FileId new_id() {
    return FileId::generate().value();
}

UploadRequest upload_of(std::shared_ptr<Source> source, FileId id = new_id()) {
    UploadRequest request;
    request.id = id;
    request.source = std::move(source);
    return request;
}

DownloadRequest download_of(const FileId& id, std::shared_ptr<filestore::Sink> sink) {
    return {id, std::move(sink), {}, {}, {}};
}

struct Fixture {
    std::shared_ptr<MemoryBackend> backend = std::make_shared<MemoryBackend>(nullptr);

    FileId store(const std::string& content) const {
        const FileId id = new_id();
        REQUIRE(backend->upload(upload_of(filestore::source_from_string(content), id)).ok());
        return id;
    }

    std::string content_of(const FileId& id) const {
        const auto sink = std::make_shared<BufferSink>();
        REQUIRE(backend->download(download_of(id, sink)).ok());
        return sink->take();
    }

    /// An upload that fails: nothing may remain of it.
    ErrorCode failed_upload(UploadRequest request) const {
        const std::size_t before = backend->file_count();
        const auto receipt = backend->upload(std::move(request));
        REQUIRE_FALSE(receipt.ok());
        CHECK(backend->file_count() == before);
        CHECK(backend->open_writers() == 0);
        return receipt.error().code();
    }
};

}  // namespace

TEST_CASE_METHOD(Fixture, "what is stored comes out", "[blocking_backend]") {
    for (const std::size_t size :
         {std::size_t{0}, std::size_t{1}, std::size_t{262'144}, std::size_t{1'000'001}}) {
        const std::string content = random_bytes(size);
        const FileId id = new_id();
        const auto stored = backend->upload(upload_of(filestore::source_from_string(content), id));
        REQUIRE(stored.ok());
        CHECK(stored->size == size);
        CHECK(content_of(id) == content);
    }
}

TEST_CASE_METHOD(Fixture, "a hesitant source and sink", "[blocking_backend]") {
    const std::string content = random_bytes(50'000);
    const FileId id = new_id();
    REQUIRE(backend->upload(upload_of(std::make_shared<HesitantSource>(content, 1000), id)).ok());
    const auto sink = std::make_shared<HesitantSink>(1000);
    REQUIRE(backend->download(download_of(id, sink)).ok());
    CHECK(sink->bytes() == content);
    CHECK(sink->finished());
}

TEST_CASE_METHOD(Fixture, "a source that wakes from inside read()", "[blocking_backend]") {
    const auto inner = filestore::source_from_string("abc");
    int reads = 0;
    CallbackSource callbacks;
    callbacks.blocking = false;
    callbacks.read = [&](std::span<std::byte> into, const Wake& wake) -> Result<IoStep> {
        if (++reads % 2 == 1) {
            wake();
            return IoStep{0, true};
        }
        return inner->read(into.first(1), wake);
    };
    const FileId id = new_id();
    REQUIRE(backend->upload(upload_of(filestore::source_from_callback(callbacks), id)).ok());
    CHECK(content_of(id) == "abc");
}

TEST_CASE_METHOD(Fixture, "a waiting source holds no thread", "[blocking_backend]") {
    const auto single = std::make_shared<MemoryBackend>(std::make_shared<ThreadExecutor>());
    std::stop_source stop;
    Answers<UploadReceipt> answers;
    for (int i = 0; i < 20; ++i) {
        UploadRequest request = upload_of(std::make_shared<StalledSource>("abc"));
        request.call.cancel = stop.get_token();
        single->upload_async(std::move(request), answers.next());
    }
    CHECK(single->exists({new_id(), {}}).ok());
    CHECK(answers.count() == 0);
    stop.request_stop();
    for (const auto& answer : answers.wait_for(20)) {
        CHECK(answer.error().code() == ErrorCode::cancelled);
    }
}

TEST_CASE_METHOD(Fixture, "sources that fail publish nothing", "[blocking_backend]") {
    using filestore::test::failing_source;
    using filestore::test::mislabelled_source;
    CallbackSource throwing;
    throwing.read = [](std::span<std::byte>, const Wake&) -> Result<IoStep> {
        throw std::runtime_error("oops");
    };
    CHECK(failed_upload(upload_of(failing_source("abc", 5))) == ErrorCode::source_failed);
    CHECK(failed_upload(upload_of(mislabelled_source("abc", 4, false))) == ErrorCode::source_failed);
    CHECK(failed_upload(upload_of(mislabelled_source("abc", 2, true))) == ErrorCode::source_failed);
    CHECK(failed_upload(upload_of(mislabelled_source("abc", 0, true))) == ErrorCode::source_failed);
    CHECK(failed_upload(upload_of(mislabelled_source("", 1, true))) == ErrorCode::source_failed);
    CHECK(failed_upload(upload_of(filestore::source_from_callback(throwing))) == ErrorCode::source_failed);
    CHECK(failed_upload(upload_of(nullptr)) == ErrorCode::invalid_argument);
    CHECK(failed_upload(upload_of(filestore::source_from_string("x"), FileId())) ==
          ErrorCode::invalid_argument);
}

TEST_CASE_METHOD(Fixture, "a caller's number comes back unchanged", "[blocking_backend]") {
    const auto stored = backend->upload(upload_of(filestore::test::failing_source("abc", 77)));
    CHECK(stored.error().details().caller_code == 77);
    const FileId id = store("abcdef");
    const auto sink = std::make_shared<filestore::test::FailingSink>(3, 78);
    const auto delivered = backend->download(download_of(id, sink));
    CHECK(delivered.error().code() == ErrorCode::sink_failed);
    CHECK(delivered.error().details().caller_code == 78);
    CHECK_FALSE(sink->finished());
}

TEST_CASE_METHOD(Fixture, "a backend that throws is an internal error", "[blocking_backend]") {
    backend->on_exists = [] { throw std::runtime_error("oops"); };
    CHECK(backend->exists({new_id(), {}}).error().code() == ErrorCode::internal);
    backend->on_open_writer = [] { throw std::bad_alloc(); };
    CHECK(failed_upload(upload_of(filestore::source_from_string("x"))) == ErrorCode::no_memory);
}

TEST_CASE_METHOD(Fixture, "a parked upload can be cancelled", "[blocking_backend]") {
    std::stop_source stop;
    std::promise<void> stalled;
    UploadRequest request = upload_of(std::make_shared<StalledSource>("abc", [&] { stalled.set_value(); }));
    request.call.cancel = stop.get_token();
    Answers<UploadReceipt> answers;
    backend->upload_async(std::move(request), answers.next());
    stalled.get_future().wait();
    CHECK(answers.count() == 0);
    stop.request_stop();
    CHECK(answers.wait_for_one().error().code() == ErrorCode::cancelled);
    CHECK(backend->file_count() == 0);
    CHECK(backend->open_writers() == 0);
}

TEST_CASE_METHOD(Fixture, "a parked upload ends at its deadline", "[blocking_backend]") {
    UploadRequest request = upload_of(std::make_shared<StalledSource>("abc"));
    request.call.deadline = filestore::deadline_in(std::chrono::milliseconds(20));
    CHECK(failed_upload(std::move(request)) == ErrorCode::timeout);
}

TEST_CASE_METHOD(Fixture, "limits that are reached before a call starts", "[blocking_backend]") {
    filestore::CallOptions late;
    late.deadline = std::chrono::steady_clock::now() - std::chrono::seconds(1);
    std::stop_source stop;
    stop.request_stop();
    filestore::CallOptions stopped;
    stopped.cancel = stop.get_token();
    for (const auto& [options, code] :
         {std::pair(late, ErrorCode::timeout), std::pair(stopped, ErrorCode::cancelled)}) {
        UploadRequest upload = upload_of(filestore::source_from_string("abc"));
        upload.call = options;
        CHECK(failed_upload(std::move(upload)) == code);
        DownloadRequest download = download_of(new_id(), std::make_shared<BufferSink>());
        download.call = options;
        CHECK(backend->download(std::move(download)).error().code() == code);
        CHECK(backend->exists({new_id(), options}).error().code() == code);
        CHECK(backend->remove({new_id(), options}).error().code() == code);
        CHECK(backend->metadata({new_id(), options}).error().code() == code);
        CHECK(backend->list({{}, 10, options}).error().code() == code);
        CHECK(backend->presign({new_id(), {}, std::chrono::seconds(60), true, options}).error().code() ==
              code);
    }
    CHECK(backend->presign({new_id(), {}, std::chrono::seconds(60), true, {}}).error().code() ==
          ErrorCode::unsupported);
}

TEST_CASE_METHOD(Fixture, "closing completes each of 100 pending calls once with cancelled",
                 "[blocking_backend]") {
    const std::shared_ptr<filestore::Executor> executors[] = {nullptr, std::make_shared<ThreadExecutor>()};
    for (const auto& executor : executors) {
        const auto closed = std::make_shared<MemoryBackend>(executor);
        Answers<UploadReceipt> uploads;
        Answers<bool> others;
        std::promise<void> inside;
        std::promise<void> go_on;
        closed->on_exists = [&, first = std::make_shared<std::atomic<bool>>(true)] {
            if (first->exchange(false)) {
                inside.set_value();
                go_on.get_future().wait();
            }
        };
        closed->exists_async({new_id(), {}}, others.next());
        inside.get_future().wait();
        for (int i = 0; i < 100; ++i) {
            closed->upload_async(upload_of(std::make_shared<StalledSource>("abc")), uploads.next());
        }
        std::jthread opener([&] {
            std::this_thread::sleep_for(std::chrono::milliseconds(5));
            go_on.set_value();
        });
        closed->close();
        CHECK(uploads.count() == 100);
        CHECK(others.count() == 1);
        for (const auto& answer : uploads.wait_for(100)) {
            REQUIRE_FALSE(answer.ok());
            CHECK(answer.error().code() == ErrorCode::cancelled);
        }
        CHECK(uploads.all_on_library_threads());
        CHECK(closed->exists({new_id(), {}}).error().code() == ErrorCode::cancelled);
        CHECK(closed->open_writers() == 0);
        closed->close();
        CHECK(uploads.count() == 100);
    }
}

TEST_CASE_METHOD(Fixture, "a blocking call inside a completion, stream or hook would deadlock",
                 "[blocking_backend]") {
    const FileId id = store("abc");
    std::promise<ErrorCode> in_completion;
    backend->exists_async({id, {}}, [&](const Result<bool>&) {
        in_completion.set_value(backend->exists({id, {}}).error().code());
    });
    CHECK(in_completion.get_future().get() == ErrorCode::would_deadlock);

    ErrorCode in_sink = ErrorCode::ok;
    CallbackSink callbacks;
    callbacks.write = [&](std::span<const std::byte> bytes, const Wake&) -> Result<IoStep> {
        in_sink = backend->exists({id, {}}).error().code();
        return IoStep{bytes.size(), false};
    };
    REQUIRE(backend->download(download_of(id, filestore::sink_to_callback(callbacks))).ok());
    CHECK(in_sink == ErrorCode::would_deadlock);
}

TEST_CASE("a completion never runs inside the starting call", "[blocking_backend]") {
    const auto executor = std::make_shared<ManualExecutor>();
    const auto backend = std::make_shared<MemoryBackend>(executor);
    Answers<bool> answers;
    Answers<UploadReceipt> uploads;
    std::stop_source stop;
    stop.request_stop();
    filestore::CallOptions stopped;
    stopped.cancel = stop.get_token();
    backend->exists_async({FileId(), {}}, answers.next());
    backend->exists_async({new_id(), stopped}, answers.next());
    UploadRequest request = upload_of(nullptr);
    request.call = stopped;
    backend->upload_async(std::move(request), uploads.next());
    backend->presign_async({new_id(), {}, std::chrono::seconds(1), {}}, [](const auto&) {});
    CHECK(answers.count() == 0);
    CHECK(uploads.count() == 0);
    executor->run_all();
    CHECK(answers.count() == 2);
    CHECK(uploads.count() == 1);
    CHECK(answers.all_on_library_threads());
}

TEST_CASE("completions run on the caller's executor", "[blocking_backend]") {
    const auto executor = std::make_shared<ThreadExecutor>();
    const auto backend = std::make_shared<MemoryBackend>(executor);
    std::promise<std::thread::id> completed_on;
    backend->upload_async(upload_of(filestore::source_from_string("abc")), [&](const Result<UploadReceipt>&) {
        completed_on.set_value(std::this_thread::get_id());
    });
    CHECK(completed_on.get_future().get() == executor->thread_id());
    backend->close();
}

TEST_CASE("a handle may be destroyed inside a completion", "[blocking_backend]") {
    const std::size_t before = thread_count();
    auto handle = std::make_shared<std::shared_ptr<StorageBackend>>(
        filestore::make_backend_handle(std::make_shared<MemoryBackend>(nullptr)));
    Answers<UploadReceipt> uploads;
    std::promise<void> destroyed;
    for (int i = 0; i < 10; ++i) {
        (*handle)->upload_async(upload_of(std::make_shared<StalledSource>("abc")), uploads.next());
    }
    (*handle)->exists_async({new_id(), {}}, [handle, &destroyed](const Result<bool>&) {
        handle->reset();
        destroyed.set_value();
    });
    handle.reset();
    destroyed.get_future().wait();
    for (const auto& answer : uploads.wait_for(10)) {
        CHECK(answer.error().code() == ErrorCode::cancelled);
    }
    CHECK(eventually([&] { return thread_count() <= before; }));
    CHECK(uploads.count() == 10);
}

TEST_CASE("destroying a handle waits for the calls", "[blocking_backend]") {
    Answers<UploadReceipt> uploads;
    {
        const auto handle = filestore::make_backend_handle(std::make_shared<MemoryBackend>(nullptr));
        for (int i = 0; i < 10; ++i) {
            handle->upload_async(upload_of(std::make_shared<StalledSource>("abc")), uploads.next());
        }
    }
    CHECK(uploads.count() == 10);
}

TEST_CASE("an idle backend has no thread", "[blocking_backend]") {
    const std::size_t before = thread_count();
    const auto backend = std::make_shared<MemoryBackend>(nullptr);
    CHECK(thread_count() <= before);
    UploadRequest request = upload_of(std::make_shared<HesitantSource>("abc", 1));
    request.call.deadline = filestore::deadline_in(std::chrono::hours(1));
    REQUIRE(backend->upload(std::move(request)).ok());
    CHECK(eventually([&] { return thread_count() <= before; }));
    REQUIRE(backend->exists({new_id(), {}}).ok());
    CHECK(eventually([&] { return thread_count() <= before; }));
}

TEST_CASE("a blocking call does its work on the thread that waits", "[blocking_backend]") {
    const auto executor = std::make_shared<ManualExecutor>();
    const auto backend = std::make_shared<MemoryBackend>(executor);
    std::thread::id read_on;
    std::jthread waker;
    int reads = 0;
    CallbackSource callbacks;
    callbacks.read = [&](std::span<std::byte>, const Wake& wake) -> Result<IoStep> {
        read_on = std::this_thread::get_id();
        if (++reads == 1) {
            waker = std::jthread([wake] { wake(); });
        }
        return IoStep{0, reads == 1};
    };
    REQUIRE(backend->upload(upload_of(filestore::source_from_callback(callbacks))).ok());
    CHECK(reads == 2);
    CHECK(read_on == std::this_thread::get_id());
    CHECK(executor->queued() == 0);
}

TEST_CASE_METHOD(Fixture, "a blocking call that waits is ended by other threads", "[blocking_backend]") {
    const bool closes = GENERATE(false, true);
    std::stop_source stop;
    UploadRequest request = upload_of(std::make_shared<StalledSource>("abc"));
    request.call.cancel = stop.get_token();
    const std::jthread other([&] {
        static_cast<void>(eventually([&] { return backend->open_writers() == 1; }));
        if (closes) {
            backend->close();
        } else {
            stop.request_stop();
        }
    });
    CHECK(failed_upload(std::move(request)) == ErrorCode::cancelled);
}

TEST_CASE_METHOD(Fixture, "streams are let go before the completion", "[blocking_backend]") {
    const FileId id = store("abc");
    auto source = filestore::source_from_string("abc");
    auto sink = std::make_shared<BufferSink>();
    const std::weak_ptr<Source> watched_source = source;
    const std::weak_ptr<BufferSink> watched_sink = sink;
    std::promise<bool> source_gone;
    std::promise<bool> sink_gone;
    backend->upload_async(upload_of(std::move(source)),
                          [&](const auto&) { source_gone.set_value(watched_source.expired()); });
    backend->download_async(download_of(id, std::move(sink)),
                            [&](const auto&) { sink_gone.set_value(watched_sink.expired()); });
    CHECK(source_gone.get_future().get());
    CHECK(sink_gone.get_future().get());
}

TEST_CASE_METHOD(Fixture, "a wake after the end does nothing", "[blocking_backend]") {
    std::optional<Wake> kept;
    CallbackSource callbacks;
    callbacks.blocking = false;
    callbacks.read = [&](std::span<std::byte>, const Wake& wake) -> Result<IoStep> {
        kept = wake;
        return IoStep{};
    };
    REQUIRE(backend->upload(upload_of(filestore::source_from_callback(callbacks))).ok());
    REQUIRE(kept);
    (*kept)();
    backend->close();
    backend.reset();
    (*kept)();
}

TEST_CASE_METHOD(Fixture, "ranges", "[blocking_backend]") {
    const FileId id = store("0123456789");
    const auto sink = std::make_shared<BufferSink>();
    DownloadRequest request = download_of(id, sink);
    request.range = filestore::ByteRange{3, 100};
    const auto receipt = backend->download(std::move(request));
    REQUIRE(receipt.ok());
    CHECK(receipt->bytes == 7);
    CHECK(receipt->file_size == 10);
    CHECK(sink->bytes() == "3456789");
    DownloadRequest outside = download_of(id, sink);
    outside.range = filestore::ByteRange{10, {}};
    CHECK(backend->download(std::move(outside)).error().code() == ErrorCode::range_not_satisfiable);
}

TEST_CASE_METHOD(Fixture, "the information comes before the first byte, and its hook can end the call",
                 "[blocking_backend]") {
    const FileId id = store("abc");
    const auto sink = std::make_shared<BufferSink>();
    DownloadRequest request = download_of(id, sink);
    bool before_bytes = false;
    request.on_info = [&](const FileInfo& info) -> Result<void> {
        before_bytes = sink->bytes().empty() && info.size == 3 && info.id == id;
        return {};
    };
    REQUIRE(backend->download(request).ok());
    CHECK(before_bytes);

    request.sink = std::make_shared<BufferSink>();
    request.on_info = [](const FileInfo&) -> Result<void> {
        return Error(ErrorCode::rejected, "not this one");
    };
    CHECK(backend->download(request).error().code() == ErrorCode::rejected);
    request.on_info = [](const FileInfo&) -> Result<void> { throw std::runtime_error("oops"); };
    CHECK(backend->download(request).error().code() == ErrorCode::sink_failed);
}

TEST_CASE_METHOD(Fixture, "progress grows to the whole", "[blocking_backend]") {
    std::vector<Progress> reports;
    UploadRequest request = upload_of(std::make_shared<HesitantSource>(std::string(5000, 'x'), 1000));
    request.call.progress = [&](const Progress& progress) { reports.push_back(progress); };
    REQUIRE(backend->upload(std::move(request)).ok());
    REQUIRE_FALSE(reports.empty());
    CHECK(reports.back().bytes_done == 5000);
    CHECK(reports.back().bytes_total == 5000U);
}

TEST_CASE_METHOD(Fixture, "a reader that ends early is a damaged file", "[blocking_backend]") {
    const FileId id = store(std::string(1'000'000, 'x'));
    backend->readable = 300'000;
    const auto sink = std::make_shared<HesitantSink>(500'000);
    CHECK(backend->download(download_of(id, sink)).error().code() == ErrorCode::corrupt);
    CHECK_FALSE(sink->finished());
}

TEST_CASE_METHOD(Fixture, "many calls at once", "[blocking_backend]") {
    Answers<UploadReceipt> uploads;
    std::vector<FileId> ids;
    for (std::size_t i = 0; i < 200; ++i) {
        ids.push_back(new_id());
        backend->upload_async(
            upload_of(std::make_shared<HesitantSource>(random_bytes(i * 10), 500), ids.back()),
            uploads.next());
    }
    for (const auto& answer : uploads.wait_for(200)) {
        CHECK(answer.ok());
    }
    for (std::size_t i = 0; i < ids.size(); ++i) {
        CHECK(content_of(ids[i]) == random_bytes(i * 10));
    }
}

TEST_CASE("a paused transfer moves no byte, and goes on when it may", "[blocking_backend]") {
    const auto executor = std::make_shared<ManualExecutor>();
    const auto backend = std::make_shared<MemoryBackend>(executor);
    const std::string content = random_bytes(1'000'000);
    const FileId id = new_id();
    const auto pause = std::make_shared<filestore::PauseSwitch>();
    filestore::CallOptions call;
    call.pause = pause;
    std::uint64_t moved = 0;
    bool paused_in_the_middle = false;
    call.progress = [&](const filestore::Progress& progress) {
        moved = progress.bytes_done;
        if (!std::exchange(paused_in_the_middle, true)) {
            pause->pause();
        }
    };
    const auto check_pauses = [&](const auto& answers) {
        executor->run_all();
        CHECK(moved == 0);
        CHECK(backend->open_writers() == 0);
        pause->resume();
        executor->run_all();
        CHECK(paused_in_the_middle);
        CHECK(moved > 0);
        CHECK(moved < content.size());
        CHECK(answers.count() == 0);
        pause->resume();
        executor->run_all();
        CHECK(moved == content.size());
        CHECK(answers.count() == 1);
    };
    pause->pause();
    Answers<UploadReceipt> uploads;
    UploadRequest request = upload_of(filestore::source_from_string(content), id);
    request.call = call;
    backend->upload_async(std::move(request), uploads.next());
    check_pauses(uploads);
    CHECK(uploads.wait_for_one().ok());

    pause->pause();
    moved = 0;
    paused_in_the_middle = false;
    Answers<DownloadReceipt> downloads;
    const auto sink = std::make_shared<BufferSink>();
    DownloadRequest download = download_of(id, sink);
    download.call = call;
    backend->download_async(std::move(download), downloads.next());
    check_pauses(downloads);
    CHECK(downloads.wait_for_one().ok());
    CHECK(sink->bytes() == content);
}
