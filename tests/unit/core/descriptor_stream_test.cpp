#include "core/descriptor_stream.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <catch2/catch.hpp>
#include <csignal>
#include <filesystem>
#include <future>
#include <thread>

#include "support/executors.h"
#include "support/files.h"
#include "support/memory_backend.h"
#include "support/random_bytes.h"
#include "support/reading.h"
#include "support/temporary_directory.h"

using filestore::Descriptor;
using filestore::DownloadRequest;
using filestore::ErrorCode;
using filestore::FileId;
using filestore::sink_to_descriptor;
using filestore::source_from_descriptor;
using filestore::source_from_path;
using filestore::UploadRequest;
using filestore::test::bytes_of;
using filestore::test::MemoryBackend;
using filestore::test::no_wake;
using filestore::test::random_bytes;
using filestore::test::read_all;
using filestore::test::read_file;
using filestore::test::read_step;
using filestore::test::TemporaryDirectory;
using filestore::test::write_file;

namespace {

struct Ends {
    Descriptor reading;
    Descriptor writing;
};

Ends make_pipe() {
    std::array<int, 2> ends{};
    REQUIRE(::pipe2(ends.data(), O_CLOEXEC) == 0);
    return {Descriptor(ends[0]), Descriptor(ends[1])};
}

Ends make_sockets() {
    std::array<int, 2> ends{};
    REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) == 0);
    return {Descriptor(ends[0]), Descriptor(ends[1])};
}

FileId store(MemoryBackend& backend, const std::string& content) {
    UploadRequest request;
    request.id = FileId::generate().value();
    request.source = filestore::source_from_string(content);
    const FileId id = request.id;
    REQUIRE(backend.upload(std::move(request)).ok());
    return id;
}

std::string content_of(MemoryBackend& backend, const FileId& id) {
    const auto sink = std::make_shared<filestore::BufferSink>();
    REQUIRE(backend.download({id, sink, {}, {}, {}}).ok());
    return sink->bytes();
}

UploadRequest upload_of(std::shared_ptr<filestore::Source> source) {
    UploadRequest request;
    request.id = FileId::generate().value();
    request.source = std::move(source);
    return request;
}

}  // namespace

TEST_CASE("a file is read from the descriptor's position, which does not move", "[descriptor_stream]") {
    const TemporaryDirectory directory;
    write_file(directory.file("f"), "0123456789");
    const Descriptor file(::open(directory.file("f").c_str(), O_RDONLY | O_CLOEXEC));
    REQUIRE(::lseek(file.get(), 4, SEEK_SET) == 4);
    const auto source = source_from_descriptor(file.get());
    REQUIRE(source.ok());
    CHECK((*source)->size() == 6U);
    CHECK((*source)->blocking());
    CHECK(read_all(**source, 4).value() == "456789");
    REQUIRE((*source)->rewind().ok());
    CHECK(read_all(**source, 4).value() == "456789");
    CHECK(::lseek(file.get(), 0, SEEK_CUR) == 4);
}

TEST_CASE("the caller's descriptor stays open", "[descriptor_stream]") {
    const TemporaryDirectory directory;
    write_file(directory.file("f"), "abc");
    const Descriptor file(::open(directory.file("f").c_str(), O_RDWR | O_CLOEXEC));
    const Ends pipe = make_pipe();
    for (const int descriptor : {file.get(), pipe.reading.get()}) {
        REQUIRE(source_from_descriptor(descriptor).ok());
        CHECK(::fcntl(descriptor, F_GETFD) >= 0);
    }
    for (const int descriptor : {file.get(), pipe.writing.get()}) {
        REQUIRE(sink_to_descriptor(descriptor).ok());
        CHECK(::fcntl(descriptor, F_GETFD) >= 0);
    }
}

TEST_CASE("a position past the end is an empty source", "[descriptor_stream]") {
    const TemporaryDirectory directory;
    write_file(directory.file("f"), "abc");
    const Descriptor file(::open(directory.file("f").c_str(), O_RDONLY | O_CLOEXEC));
    REQUIRE(::lseek(file.get(), 10, SEEK_SET) == 10);
    const auto source = source_from_descriptor(file.get());
    REQUIRE(source.ok());
    CHECK((*source)->size() == 0U);
    CHECK(read_step(**source, 9) == "(end)");
}

TEST_CASE("a file that changes while it is read fails before its last bytes", "[descriptor_stream]") {
    const TemporaryDirectory directory;
    const std::string path = directory.file("f");
    write_file(path, "0123456789");
    const auto source = source_from_path(path);
    REQUIRE(source.ok());
    REQUIRE(read_step(**source, 4) == "0123");
    SECTION("longer") {
        write_file(path, "0123456789a");
    }
    SECTION("shorter") {
        std::filesystem::resize_file(path, 7);
    }
    SECTION("much shorter") {
        std::filesystem::resize_file(path, 2);
    }
    SECTION("other content of the same size") {
        write_file(path, "9876543210");
        std::filesystem::last_write_time(
            path, std::filesystem::file_time_type::clock::now() + std::chrono::hours(1));
    }
    std::string step = read_step(**source, 3);
    while (step.size() == 3) {
        step = read_step(**source, 3);
    }
    CHECK(step == "source_failed");
}

TEST_CASE("an empty file that is no longer empty fails", "[descriptor_stream]") {
    const TemporaryDirectory directory;
    const std::string path = directory.file("f");
    write_file(path, "");
    const auto source = source_from_path(path);
    REQUIRE(source.ok());
    CHECK(read_step(**source, 3) == "(end)");
    write_file(path, "x");
    CHECK(read_step(**source, 3) == "source_failed");
}

TEST_CASE("a file that hides its size fails instead of seeming empty", "[descriptor_stream]") {
    const auto source = source_from_path("/proc/self/status");
    REQUIRE(source.ok());
    CHECK(read_step(**source, 100) == "source_failed");
}

TEST_CASE("paths that cannot be read", "[descriptor_stream]") {
    const TemporaryDirectory directory;
    struct Row {
        std::string path;
        ErrorCode code;
    };
    const Row rows[] = {
        {directory.file("missing"), ErrorCode::not_found},
        {directory.path().string(), ErrorCode::invalid_argument},
        {"", ErrorCode::not_found},
        {directory.file("missing") + "/f", ErrorCode::not_found},
    };
    for (const Row& row : rows) {
        INFO(row.path);
        const auto source = source_from_path(row.path);
        REQUIRE_FALSE(source.ok());
        CHECK(source.error().code() == row.code);
    }
    CHECK_FALSE(source_from_descriptor(-1).ok());
    CHECK_FALSE(sink_to_descriptor(-1).ok());
}

TEST_CASE("a link is followed for reading", "[descriptor_stream]") {
    const TemporaryDirectory directory;
    write_file(directory.file("f"), "abc");
    std::filesystem::create_symlink("f", directory.file("link"));
    const auto source = source_from_path(directory.file("link"));
    REQUIRE(source.ok());
    CHECK(read_all(**source, 9).value() == "abc");
}

TEST_CASE("a pipe's bytes are stored as they come, without holding a thread", "[descriptor_stream]") {
    for (const auto& make : {&make_pipe, &make_sockets}) {
        const auto executor = std::make_shared<filestore::test::ThreadExecutor>();
        const auto backend = std::make_shared<MemoryBackend>(executor);
        Ends ends = make();
        const auto source = source_from_descriptor(ends.reading.get());
        REQUIRE(source.ok());
        CHECK_FALSE((*source)->blocking());
        CHECK_FALSE((*source)->size().has_value());
        UploadRequest request = upload_of(*source);
        const FileId id = request.id;
        std::promise<bool> stored;
        backend->upload_async(std::move(request),
                              [&](const auto& receipt) { stored.set_value(receipt.ok()); });

        // The only thread is free while the pipe is silent.
        REQUIRE(backend->exists({FileId::generate().value(), {}}).ok());
        const std::string content = random_bytes(300'000);
        std::string_view rest = content;
        while (!rest.empty()) {
            const ssize_t count =
                ::write(ends.writing.get(), rest.data(), std::min<std::size_t>(rest.size(), 10'000));
            REQUIRE(count > 0);
            rest.remove_prefix(static_cast<std::size_t>(count));
        }
        ends.writing = Descriptor();
        CHECK(stored.get_future().get());
        CHECK(content_of(*backend, id) == content);
    }
}

TEST_CASE("a download into a pipe waits for its reader, without holding a thread", "[descriptor_stream]") {
    for (const auto& make : {&make_pipe, &make_sockets}) {
        const auto executor = std::make_shared<filestore::test::ThreadExecutor>();
        const auto backend = std::make_shared<MemoryBackend>(executor);
        const std::string content = random_bytes(1'000'000);
        const FileId id = store(*backend, content);
        Ends ends = make();
        const auto sink = sink_to_descriptor(ends.writing.get());
        REQUIRE(sink.ok());
        CHECK_FALSE((*sink)->blocking());
        std::promise<bool> delivered;
        backend->download_async({id, *sink, {}, {}, {}},
                                [&](const auto& receipt) { delivered.set_value(receipt.ok()); });
        REQUIRE(backend->exists({id, {}}).ok());
        std::string received;
        std::array<char, 8192> room{};
        while (received.size() < content.size()) {
            const ssize_t count = ::read(ends.reading.get(), room.data(), room.size());
            REQUIRE(count > 0);
            received.append(room.data(), static_cast<std::size_t>(count));
        }
        CHECK(delivered.get_future().get());
        CHECK(received == content);
    }
}

TEST_CASE("a reader that goes away is sink_failed, and no signal", "[descriptor_stream]") {
    struct sigaction before {};
    sigaction(SIGPIPE, nullptr, &before);
    REQUIRE(before.sa_handler == SIG_DFL);
    const std::shared_ptr<filestore::Executor> executors[] = {
        nullptr, std::make_shared<filestore::test::ThreadExecutor>()};
    for (const auto& executor : executors) {
        for (const auto& make : {&make_pipe, &make_sockets}) {
            const auto backend = std::make_shared<MemoryBackend>(executor);
            const FileId id = store(*backend, "some bytes");
            Ends ends = make();
            ends.reading = Descriptor();
            const auto sink = sink_to_descriptor(ends.writing.get());
            REQUIRE(sink.ok());
            const auto receipt = backend->download({id, *sink, {}, {}, {}});
            REQUIRE_FALSE(receipt.ok());
            CHECK(receipt.error().code() == ErrorCode::sink_failed);
        }
    }
    struct sigaction after {};
    sigaction(SIGPIPE, nullptr, &after);
    CHECK(after.sa_handler == before.sa_handler);
    sigset_t mask;
    pthread_sigmask(SIG_SETMASK, nullptr, &mask);
    CHECK(sigismember(&mask, SIGPIPE) == 0);
}

TEST_CASE("a file is written at the descriptor's position", "[descriptor_stream]") {
    const TemporaryDirectory directory;
    const std::string path = directory.file("f");
    write_file(path, "0123456789");
    const Descriptor file(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
    REQUIRE(::lseek(file.get(), 3, SEEK_SET) == 3);
    const auto sink = sink_to_descriptor(file.get());
    REQUIRE(sink.ok());
    CHECK((*sink)->blocking());
    REQUIRE(filestore::write_sink(**sink, bytes_of("abc"), no_wake()).ok());
    REQUIRE((*sink)->finish().ok());
    CHECK(read_file(path) == "012abc6789");
}

TEST_CASE("a descriptor that cannot be written fails with its cause", "[descriptor_stream]") {
    const TemporaryDirectory directory;
    write_file(directory.file("f"), "x");
    const Descriptor file(::open(directory.file("f").c_str(), O_RDONLY | O_CLOEXEC));
    const auto sink = sink_to_descriptor(file.get());
    REQUIRE(sink.ok());
    CHECK_FALSE(filestore::write_sink(**sink, bytes_of("abc"), no_wake()).ok());

    const Descriptor full(::open("/dev/full", O_WRONLY | O_CLOEXEC));
    const auto device = sink_to_descriptor(full.get());
    REQUIRE(device.ok());
    CHECK(filestore::write_sink(**device, bytes_of("abc"), no_wake()).error().code() ==
          ErrorCode::sink_failed);
}
