#include "local/store.h"

#include <sys/stat.h>

#include <atomic>
#include <catch2/catch.hpp>
#include <filesystem>
#include <thread>

#include "support/files.h"
#include "support/recorded_flushes.h"
#include "support/temporary_directory.h"

using filestore::CallOptions;
using filestore::Durability;
using filestore::ErrorCode;
using filestore::FileId;
using filestore::local::FileLock;
using filestore::local::Store;
using filestore::test::names_in;
using filestore::test::RecordedFlushes;
using filestore::test::TemporaryDirectory;
using filestore::test::write_file;

TEST_CASE("opening makes the directories, for their owner only", "[store]") {
    const TemporaryDirectory directory;
    for (const std::string& path : {directory.file("a/b/c"), directory.file("d/")}) {
        const auto store = Store::open(path, Durability::full);
        REQUIRE(store.ok());
        CHECK(names_in(path) == std::vector<std::string>{"metadata"});
        struct ::stat status {};
        REQUIRE(::stat(path.c_str(), &status) == 0);
        CHECK((status.st_mode & 0077U) == 0);
        CHECK(Store::open(path, Durability::full).ok());
    }
}

TEST_CASE("a relative path counts from the working directory of the moment", "[store]") {
    const TemporaryDirectory directory;
    const auto before = std::filesystem::current_path();
    std::filesystem::current_path(directory.path());
    const auto store = Store::open("./storage", Durability::none);
    std::filesystem::current_path(before);
    REQUIRE(store.ok());
    CHECK(std::filesystem::is_directory(directory.file("storage/metadata")));
    CHECK(FileLock::take(*store, FileId::generate().value(), {}).ok());
    CHECK(std::filesystem::exists(directory.file("storage/.filestore/lock")));
}

TEST_CASE("a base path may be a link, its metadata directory may not", "[store]") {
    const TemporaryDirectory directory;
    std::filesystem::create_directory(directory.file("real"));
    std::filesystem::create_directory_symlink("real", directory.file("link"));
    CHECK(Store::open(directory.file("link"), Durability::full).ok());

    std::filesystem::create_directory(directory.file("trap"));
    std::filesystem::create_directory_symlink(directory.path(), directory.file("trap/metadata"));
    CHECK_FALSE(Store::open(directory.file("trap"), Durability::full).ok());
}

TEST_CASE("paths that can be no store", "[store]") {
    const TemporaryDirectory directory;
    write_file(directory.file("f"), "x");
    std::filesystem::create_directory(directory.file("taken"));
    write_file(directory.file("taken/metadata"), "x");
    for (const std::string& path : {std::string(), directory.file("f"), directory.file("f/x"),
                                    directory.file("taken"), directory.file(std::string("a\0b", 3))}) {
        INFO(path);
        const auto store = Store::open(path, Durability::full);
        REQUIRE_FALSE(store.ok());
        CHECK(store.error().code() == ErrorCode::invalid_argument);
    }
}

TEST_CASE("a place that is not there is a matter of the configuration", "[store]") {
    const TemporaryDirectory directory;
    std::filesystem::create_symlink("absent/store", directory.file("link"));
    for (const std::string& path :
         {directory.file("link"), directory.file("link/below"), std::string("/proc/x/y")}) {
        INFO(path);
        const auto store = Store::open(path, Durability::full);
        REQUIRE_FALSE(store.ok());
        CHECK(store.error().code() == ErrorCode::configuration);
        CHECK_THAT(std::string(store.error().message()), Catch::Contains("base_path"));
    }
}

TEST_CASE("a working directory that was removed is no place for a store", "[store]") {
    const TemporaryDirectory directory;
    const auto before = std::filesystem::current_path();
    std::filesystem::create_directory(directory.file("gone"));
    std::filesystem::current_path(directory.file("gone"));
    std::filesystem::remove(directory.file("gone"));
    const auto store = Store::open("./storage", Durability::full);
    std::filesystem::current_path(before);
    REQUIRE_FALSE(store.ok());
    CHECK(store.error().code() == ErrorCode::configuration);
}

TEST_CASE("the name of every directory that is made is flushed", "[store]") {
    const TemporaryDirectory directory;
    const auto durability = GENERATE(Durability::full, Durability::data);
    const std::string place = std::filesystem::canonical(directory.path()).string();
    {
        const RecordedFlushes flushes;
        REQUIRE(Store::open(directory.file("a/b/c/"), durability).ok());
        CHECK(flushes.paths() ==
              std::vector<std::string>{place, place + "/a", place + "/a/b", place + "/a/b/c"});
    }
    const RecordedFlushes flushes;
    REQUIRE(Store::open(directory.file("a/b/c/"), durability).ok());
    CHECK(flushes.paths().empty());
}

TEST_CASE("without durability nothing is flushed", "[store]") {
    const TemporaryDirectory directory;
    const RecordedFlushes flushes;
    REQUIRE(Store::open(directory.file("a/b"), Durability::none).ok());
    CHECK(flushes.paths().empty());
}

TEST_CASE("the lock of a file is held by one at a time", "[store]") {
    const TemporaryDirectory directory;
    const auto store = Store::open(directory.path().string(), Durability::none);
    REQUIRE(store.ok());
    const FileId id = FileId::generate().value();
    std::atomic<int> inside{0};
    std::atomic<int> overlaps{0};
    std::atomic<int> failures{0};
    {
        std::vector<std::jthread> threads;
        for (int i = 0; i < 4; ++i) {
            threads.emplace_back([&] {
                for (int n = 0; n < 100; ++n) {
                    const auto lock = FileLock::take(*store, id, {});
                    failures += lock.ok() ? 0 : 1;
                    overlaps += inside.fetch_add(1) != 0;
                    std::this_thread::yield();
                    inside.fetch_sub(1);
                }
            });
        }
    }
    CHECK(failures == 0);
    CHECK(overlaps == 0);
}

TEST_CASE("the locks of two files do not wait for each other", "[store]") {
    const TemporaryDirectory directory;
    const auto store = Store::open(directory.path().string(), Durability::none);
    REQUIRE(store.ok());
    const auto first =
        FileLock::take(*store, FileId::parse("6f1c1f0e-3f1b-4c43-9d1e-0a4c8a1b2c3d").value(), {});
    const auto second =
        FileLock::take(*store, FileId::parse("7f1c1f0e-3f1b-4c43-9d1e-0a4c8a1b2c3d").value(), {});
    CHECK(first.ok());
    CHECK(second.ok());
}

TEST_CASE("waiting for a lock ends with the call", "[store]") {
    const TemporaryDirectory directory;
    const auto store = Store::open(directory.path().string(), Durability::none);
    REQUIRE(store.ok());
    const FileId id = FileId::generate().value();
    const auto held = FileLock::take(*store, id, {});
    REQUIRE(held.ok());
    CallOptions limits;
    limits.deadline = filestore::deadline_in(std::chrono::milliseconds(20));
    CHECK(FileLock::take(*store, id, limits).error().code() == ErrorCode::timeout);
    std::stop_source stop;
    limits.deadline.reset();
    limits.cancel = stop.get_token();
    std::jthread canceller([&] { stop.request_stop(); });
    CHECK(FileLock::take(*store, id, limits).error().code() == ErrorCode::cancelled);
}
