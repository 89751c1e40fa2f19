#include <sys/stat.h>

#include <catch2/catch.hpp>
#include <filesystem>

#include "core/descriptor.h"
#include "support/files.h"
#include "support/memory_backend.h"
#include "support/reading.h"
#include "support/recorded_flushes.h"
#include "support/temporary_directory.h"

using filestore::ErrorCode;
using filestore::FileId;
using filestore::sink_to_path;
using filestore::UploadRequest;
using filestore::test::bytes_of;
using filestore::test::MemoryBackend;
using filestore::test::names_in;
using filestore::test::no_wake;
using filestore::test::read_file;
using filestore::test::RecordedFlushes;
using filestore::test::TemporaryDirectory;
using filestore::test::write_file;

namespace {

void write_whole(filestore::Sink& sink, std::string_view content) {
    REQUIRE(filestore::write_sink(sink, bytes_of(content), no_wake())->bytes == content.size());
    REQUIRE(sink.finish().ok());
}

}  // namespace

TEST_CASE("a file appears whole, when it is finished", "[path_stream]") {
    const TemporaryDirectory directory;
    {
        const auto sink = sink_to_path(directory.file("f"));
        REQUIRE(sink.ok());
        CHECK((*sink)->blocking());
        REQUIRE(filestore::write_sink(**sink, bytes_of("abc"), no_wake()).ok());
        CHECK_FALSE(std::filesystem::exists(directory.file("f")));
        write_whole(**sink, "def");
    }
    CHECK(read_file(directory.file("f")) == "abcdef");
    CHECK(names_in(directory.path()) == std::vector<std::string>{"f"});
}

TEST_CASE("a file is replaced only when its successor is finished", "[path_stream]") {
    const TemporaryDirectory directory;
    const std::string path = directory.file("f");
    write_file(path, "old");
    {
        const auto sink = sink_to_path(path);
        REQUIRE(sink.ok());
        REQUIRE(filestore::write_sink(**sink, bytes_of("new"), no_wake()).ok());
        CHECK(read_file(path) == "old");
    }
    CHECK(read_file(path) == "old");
    {
        const auto sink = sink_to_path(path);
        REQUIRE(sink.ok());
        write_whole(**sink, "new");
    }
    CHECK(read_file(path) == "new");
    CHECK(names_in(directory.path()) == std::vector<std::string>{"f"});
}

TEST_CASE("a file is flushed under a hidden name before it replaces another one, and then its directory",
          "[path_stream]") {
    const TemporaryDirectory directory;
    const std::string path = directory.file("f");
    const bool is_replaced = GENERATE(false, true);
    if (is_replaced) {
        write_file(path, "old");
    }
    const auto sink = sink_to_path(path);
    REQUIRE(sink.ok());
    REQUIRE(filestore::write_sink(**sink, bytes_of("abc"), no_wake()).ok());
    const RecordedFlushes flushes;
    REQUIRE((*sink)->finish().ok());
    const std::string place = std::filesystem::canonical(directory.path()).string();
    std::vector<std::string> expected{RecordedFlushes::named_later, place};
    if (!is_replaced) {
        expected.insert(expected.begin(), RecordedFlushes::without_name);
    }
    CHECK(flushes.paths() == expected);
}

TEST_CASE("a failed download leaves nothing", "[path_stream]") {
    const TemporaryDirectory directory;
    const auto backend = std::make_shared<MemoryBackend>(nullptr);
    UploadRequest request;
    request.id = FileId::generate().value();
    request.source = filestore::source_from_string(std::string(1'000'000, 'x'));
    const FileId id = request.id;
    REQUIRE(backend->upload(std::move(request)).ok());

    const auto missing = backend->download(
        {FileId::generate().value(), sink_to_path(directory.file("f")).value(), {}, {}, {}});
    CHECK(missing.error().code() == ErrorCode::not_found);
    CHECK(names_in(directory.path()).empty());

    backend->readable = 700'000;
    const auto cut = backend->download({id, sink_to_path(directory.file("f")).value(), {}, {}, {}});
    CHECK(cut.error().code() == ErrorCode::corrupt);
    CHECK(names_in(directory.path()).empty());
}

TEST_CASE("a path without a slash names a file of the working directory", "[path_stream]") {
    const TemporaryDirectory directory;
    const auto before = std::filesystem::current_path();
    std::filesystem::current_path(directory.path());
    const auto sink = sink_to_path("f");
    std::filesystem::current_path(before);
    REQUIRE(sink.ok());
    write_whole(**sink, "abc");
    CHECK(read_file(directory.file("f")) == "abc");
}

TEST_CASE("a download through a link replaces what it points to", "[path_stream]") {
    const TemporaryDirectory directory;
    const TemporaryDirectory elsewhere;
    write_file(elsewhere.file("target"), "old");
    std::filesystem::create_symlink(elsewhere.file("target"), directory.file("link"));
    const auto sink = sink_to_path(directory.file("link"));
    REQUIRE(sink.ok());
    write_whole(**sink, "new");
    CHECK(read_file(elsewhere.file("target")) == "new");
    CHECK(std::filesystem::is_symlink(directory.file("link")));
    CHECK(names_in(elsewhere.path()) == std::vector<std::string>{"target"});
}

TEST_CASE("a device is written, not replaced", "[path_stream]") {
    const auto sink = sink_to_path("/dev/null");
    REQUIRE(sink.ok());
    write_whole(**sink, "abc");
    CHECK(std::filesystem::is_character_file("/dev/null"));
}

TEST_CASE("paths that cannot be written are refused at once", "[path_stream]") {
    const TemporaryDirectory directory;
    write_file(directory.file("f"), "x");
    struct Row {
        std::string path;
        ErrorCode code;
    };
    const Row rows[] = {
        {directory.path().string(), ErrorCode::invalid_argument},
        {directory.path().string() + "/", ErrorCode::invalid_argument},
        {directory.file("missing/f"), ErrorCode::not_found},
        {directory.file("f/f"), ErrorCode::invalid_argument},
        {"", ErrorCode::invalid_argument},
    };
    for (const Row& row : rows) {
        INFO(row.path);
        const auto sink = sink_to_path(row.path);
        REQUIRE_FALSE(sink.ok());
        CHECK(sink.error().code() == row.code);
    }
    CHECK(names_in(directory.path()) == std::vector<std::string>{"f"});
}

TEST_CASE("a new file has the mode that the umask leaves", "[path_stream]") {
    const TemporaryDirectory directory;
    const mode_t before = ::umask(026);
    const auto sink = sink_to_path(directory.file("f"));
    ::umask(before);
    REQUIRE(sink.ok());
    write_whole(**sink, "abc");
    struct ::stat status {};
    REQUIRE(::stat(directory.file("f").c_str(), &status) == 0);
    CHECK((status.st_mode & 0777U) == 0640);
}
