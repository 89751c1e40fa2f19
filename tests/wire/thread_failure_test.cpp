/// Threads that the system refuses, and threads that outlive their owner. In a program of its own, because it replaces pthread_create.

#include <dlfcn.h>
#include <pthread.h>

#include <atomic>
#include <catch2/catch.hpp>
#include <cerrno>
#include <csignal>
#include <functional>
#include <future>
#include <thread>

#include "filestore/s3_client.h"
#include "filestore/service.h"
#include "http/name_lookups.h"
#include "support/answers.h"
#include "support/eventually.h"
#include "support/temporary_directory.h"
#include "support/test_streams.h"
#include "wire/fake_names.h"
#include "wire/http_client.h"
#include "wire/s3_client.h"

using namespace filestore;
using namespace filestore::test;
using namespace std::chrono_literals;

namespace {

constexpr int unlimited = -1;

/// How many more threads the library gets.
std::atomic<int> threads_left{unlimited};
std::atomic<bool> thread_refused{false};
/// Threads of the library whose work has not ended.
std::atomic<int> live_threads{0};
/// Whether a thread that this one starts lingers at its end, so that it is met where nobody joins it.
thread_local bool starts_lingering = false;

struct Start {
    void* (*routine)(void*);
    void* argument;
    bool lingers;
};

void* counted(void* data) {
    const Start start = *static_cast<Start*>(data);
    delete static_cast<Start*>(data);
    void* const result = start.routine(start.argument);
    if (start.lingers) {
        std::this_thread::sleep_for(300ms);
    }
    --live_threads;
    return result;
}

/// The library starts its threads with every signal blocked, and nobody else here does.
bool is_for_the_library() {
    sigset_t blocked;
    pthread_sigmask(SIG_SETMASK, nullptr, &blocked);
    return sigismember(&blocked, SIGTERM) == 1;
}

bool may_start() {
    int left = threads_left.load();
    while (left > 0 && !threads_left.compare_exchange_weak(left, left - 1)) {
    }
    thread_refused = thread_refused || left == 0;
    return left != 0;
}

}  // namespace

/// Visible, because the C++ library, which starts the threads, is another object.
extern "C" __attribute__((visibility("default"))) int pthread_create(pthread_t* thread,
                                                                     const pthread_attr_t* attributes,
                                                                     void* (*routine)(void*),
                                                                     void* argument) {
    using Create = int (*)(pthread_t*, const pthread_attr_t*, void* (*)(void*), void*);
    static const auto create = reinterpret_cast<Create>(::dlsym(RTLD_NEXT, "pthread_create"));
    if (!is_for_the_library()) {
        return create(thread, attributes, routine, argument);
    }
    if (!may_start()) {
        return EAGAIN;
    }
    auto* const start = new Start{routine, argument, starts_lingering};
    ++live_threads;
    const int failure = create(thread, attributes, counted, start);
    if (failure != 0) {
        --live_threads;
        delete start;
    }
    return failure;
}

namespace {

/// Runs `scenario` with no thread, one thread, two, and so on, until it asks for no more than it gets.
void with_ever_more_threads(const std::function<void()>& scenario) {
    for (int threads = 0;; ++threads) {
        INFO("threads allowed: " << threads);
        REQUIRE(threads < 50);
        thread_refused = false;
        threads_left = threads;
        scenario();
        threads_left = unlimited;
        if (!thread_refused) {
            return;
        }
    }
}

template <class T>
void check_done_or_no_memory(const Result<T>& result) {
    if (!result.ok()) {
        CHECK(result.error().code() == ErrorCode::no_memory);
    }
}

FileService local_service(const TemporaryDirectory& directory) {
    ServiceOptions options;
    options.local.base_path = directory.file("store");
    return FileService::open(std::move(options)).value();
}

FileUpload some_file() {
    FileUpload file;
    file.source = source_from_string("content");
    file.path = "name";
    return file;
}

Script two_answers() {
    return conversation(
        {answer("200 OK", "ETag: \"x\"\r\n", ""), answer("200 OK", std::string(date_line), "content")});
}

}  // namespace

TEST_CASE("a local store without threads answers every call once, and works when it gets them", "[threads]") {
    const TemporaryDirectory directory;
    with_ever_more_threads([&] {
        FileService service = local_service(directory);
        Answers<FileId> ids;
        service.upload_async(some_file(), ids.next());
        check_done_or_no_memory(ids.wait_for_one());
        CHECK(ids.all_on_library_threads());
        check_done_or_no_memory(service.upload(some_file()));
        check_done_or_no_memory(service.exists({some_id(), {}}));
        check_done_or_no_memory(service.list({}));
        threads_left = unlimited;
        CHECK(service.upload(some_file()).ok());
        CHECK(ids.count() == 1);
    });
}

TEST_CASE("an S3 client without threads answers every call once, and works when it gets them", "[threads]") {
    with_ever_more_threads([&] {
        ScriptedServer server;
        for (int i = 0; i < 4; ++i) {
            server.add(two_answers());
        }
        const auto backend = open_on(server);
        check_done_or_no_memory(backend->upload(upload_of("content")));
        Answers<DownloadReceipt> receipts;
        backend->download_async(download_to(std::make_shared<BufferSink>()), receipts.next());
        const auto receipt = receipts.wait_for_one();
        CHECK(receipts.all_on_library_threads());
        threads_left = unlimited;
        CHECK(receipts.count() == 1);
        CHECK((receipt.ok() || receipt.error().code() == ErrorCode::no_memory ||
               receipt.error().code() == ErrorCode::corrupt));
        server.add(two_answers());
        static_cast<void>(backend->exists({some_id(), {}}));
    });
}

TEST_CASE("a store with a name that no thread can be had for is not reached, and is when there is one",
          "[threads]") {
    const FakeName name("store.test", {"127.0.0.1"});
    const std::string stored = answer("200 OK", "ETag: \"x\"\r\n", "");
    with_ever_more_threads([&] {
        const ScriptedServer server(std::vector<Script>(4, conversation({stored, stored})));
        S3Options options = options_for(server);
        options.endpoint = "http://store.test:" + std::to_string(server.port());
        const auto backend = open_s3_backend(options).value();
        check_done_or_no_memory(backend->upload(upload_of("content")));
        threads_left = unlimited;
        CHECK(backend->upload(upload_of("content")).ok());
    });
}

TEST_CASE("a name that no further thread can be had for is looked up by that of another", "[threads]") {
    FakeName slow("slow.test", {"127.0.0.1"});
    slow.hang();
    const FakeName other("other.test", {"127.0.0.1"});
    const ScriptedServer server(std::vector<Script>(2, conversation({answer("200 OK", "", "x")})));
    http::TransportOptions options;
    options.connect_timeout = 100s;
    const HttpClient client(options);
    const auto get = [&](const std::string& name) {
        return client.send(HttpClient::get_of("http://" + name + ":" + std::to_string(server.port()) + "/"));
    };
    const auto first = get("slow.test");
    CHECK(eventually([&] { return slow.lookups() == 1; }));
    thread_refused = false;
    threads_left = 0;
    const auto second = get("other.test");
    CHECK(eventually([] { return thread_refused.load(); }));
    slow.go_on();
    CHECK(first->wait().body == "x");
    CHECK(second->wait().body == "x");
    threads_left = unlimited;
}

TEST_CASE("the old addresses of a name do where no thread can be had to look for new ones", "[threads]") {
    const FakeName name("store.test", {"127.0.0.1"});
    http::NameLookups lookups(2s);
    const auto first = lookups.look_up("store.test");
    REQUIRE(eventually([&] { return first->is_done(); }));
    REQUIRE(eventually([] { return live_threads == 0; }));
    threads_left = 0;
    thread_refused = false;
    std::shared_ptr<const http::NameLookup> found;
    const bool refused = eventually([&] {
        found = lookups.look_up("store.test");
        return thread_refused.load();
    });
    threads_left = unlimited;
    REQUIRE(refused);
    REQUIRE(found->is_done());
    CHECK(found->addresses().value() == std::vector<std::string>{"127.0.0.1"});
}

TEST_CASE("a deadline ends a parked call also where nothing can watch the time", "[threads]") {
    const TemporaryDirectory directory;
    with_ever_more_threads([&] {
        FileService service = local_service(directory);
        FileUpload file = some_file();
        file.source = std::make_shared<StalledSource>("");
        file.call.deadline = deadline_in(50ms);
        const auto id = service.upload(std::move(file));
        REQUIRE_FALSE(id.ok());
        const bool expected =
            id.error().code() == ErrorCode::timeout || id.error().code() == ErrorCode::no_memory;
        CHECK(expected);
    });
}

TEST_CASE("a call after close is answered also where no thread can be had", "[threads]") {
    const TemporaryDirectory directory;
    LocalOptions options;
    options.base_path = directory.file("store");
    const auto backend = open_local_backend(options).value();
    backend->close();
    threads_left = 0;
    Answers<bool> answers;
    backend->exists_async({some_id(), {}}, answers.next());
    CHECK(answers.wait_for_one().error().code() == ErrorCode::cancelled);
    threads_left = unlimited;
}

TEST_CASE("no thread outlives the store that it works for", "[threads]") {
    const TemporaryDirectory directory;
    for (int round = 0; round < 200; ++round) {
        {
            FileService service = local_service(directory);
            REQUIRE(service.upload(some_file()).ok());
            FileUpload stalled = some_file();
            stalled.source = std::make_shared<StalledSource>("");
            Answers<FileId> answers;
            service.upload_async(std::move(stalled), answers.next());
        }
        REQUIRE(live_threads == 0);
        {
            ScriptedServer server({two_answers()});
            const auto backend = open_on(server);
            REQUIRE(backend->upload(upload_of("content")).ok());
        }
        REQUIRE(live_threads == 0);
    }
}

TEST_CASE("the thread of a probe ends with its client", "[threads][probe]") {
    std::promise<void> reached;
    auto waits = reached.get_future();
    ScriptedServer server;
    server.add({ExpectRequest{}, Send{answer("200 OK", "ETag: \"x\"\r\n", "")}, ExpectRequest{},
                Signal{&reached}, Stall{}});
    server.repeat(conversation(std::vector<std::string>(100, answer("204 No Content", "", ""))));
    S3ClientOptions options;
    options.endpoint = server.endpoint();
    options.credentials.access_key = access_key;
    options.credentials.secret_key = secret_key;
    S3ProbeRequest request;
    request.bucket = "bucket";
    Answers<S3ProbeResult> answers;
    {
        S3Client client = S3Client::open(options).value();
        starts_lingering = true;
        client.probe_async(std::move(request), answers.next());
        starts_lingering = false;
        waits.wait();
        CHECK(live_threads > 0);
    }
    CHECK(live_threads == 0);
    CHECK(answers.count() == 1);
    CHECK(answers.wait_for_one().error().code() == ErrorCode::cancelled);
}
