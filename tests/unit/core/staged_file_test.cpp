#include "core/staged_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <csignal>
#include <filesystem>

#include "support/files.h"
#include "support/reading.h"
#include "support/temporary_directory.h"

using filestore::Descriptor;
using filestore::ErrorCode;
using filestore::StagedFile;
using filestore::write_all;
using filestore::test::bytes_of;
using filestore::test::names_in;
using filestore::test::read_file;
using filestore::test::TemporaryDirectory;
using filestore::test::write_file;

namespace {

struct Fixture {
    TemporaryDirectory directory;
    Descriptor descriptor{::open(directory.path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};

    StagedFile staged(std::string_view content) const {
        auto file = StagedFile::create(descriptor.get(), 0600);
        REQUIRE(file.ok());
        REQUIRE(write_all(file->descriptor(), bytes_of(content), "test").ok());
        return std::move(*file);
    }
};

}  // namespace

TEST_CASE_METHOD(Fixture, "a staged file that is not published leaves nothing", "[staged_file]") {
    { const StagedFile file = staged("abc"); }
    CHECK(names_in(directory.path()).empty());
    {
        StagedFile file = staged("abc");
        REQUIRE(file.prepare_replacing().ok());
        CHECK(names_in(directory.path()).size() == 1);
    }
    CHECK(names_in(directory.path()).empty());
}

TEST_CASE_METHOD(Fixture, "a new name", "[staged_file]") {
    {
        StagedFile file = staged("abc");
        CHECK_FALSE(std::filesystem::exists(directory.file("name")));
        REQUIRE(file.publish_new("name").ok());
    }
    CHECK(names_in(directory.path()) == std::vector<std::string>{"name"});
    CHECK(read_file(directory.file("name")) == "abc");
}

TEST_CASE_METHOD(Fixture, "a new name that is taken", "[staged_file]") {
    write_file(directory.file("name"), "old");
    {
        StagedFile file = staged("abc");
        CHECK(file.publish_new("name").error().code() == ErrorCode::already_exists);
    }
    CHECK(names_in(directory.path()) == std::vector<std::string>{"name"});
    CHECK(read_file(directory.file("name")) == "old");
}

TEST_CASE_METHOD(Fixture, "a name in place of another file", "[staged_file]") {
    write_file(directory.file("name"), "old");
    const Descriptor reader(::open(directory.file("name").c_str(), O_RDONLY | O_CLOEXEC));
    {
        StagedFile file = staged("new");
        REQUIRE(file.prepare_replacing().ok());
        CHECK(read_file(directory.file("name")) == "old");
        REQUIRE(file.publish_replacing("name").ok());
    }
    CHECK(names_in(directory.path()) == std::vector<std::string>{"name"});
    CHECK(read_file(directory.file("name")) == "new");
    char old[4] = {};
    CHECK(::read(reader.get(), old, 3) == 3);
    CHECK(std::string(old) == "old");
}

TEST_CASE_METHOD(Fixture, "a moved staged file has one owner", "[staged_file]") {
    StagedFile first = staged("abc");
    REQUIRE(first.prepare_replacing().ok());
    StagedFile second = std::move(first);
    REQUIRE(second.publish_replacing("name").ok());
    CHECK(names_in(directory.path()) == std::vector<std::string>{"name"});
}

TEST_CASE_METHOD(Fixture, "a directory in the way", "[staged_file]") {
    std::filesystem::create_directory(directory.file("name"));
    {
        StagedFile file = staged("abc");
        CHECK_FALSE(file.publish_replacing("name").ok());
    }
    CHECK(names_in(directory.path()) == std::vector<std::string>{"name"});
}

TEST_CASE_METHOD(Fixture, "the mode is subject to the umask", "[staged_file]") {
    const mode_t before = ::umask(027);
    {
        auto file = StagedFile::create(descriptor.get(), 0666);
        ::umask(before);
        REQUIRE(file.ok());
        REQUIRE(file->publish_new("name").ok());
    }
    struct ::stat status {};
    REQUIRE(::stat(directory.file("name").c_str(), &status) == 0);
    CHECK((status.st_mode & 0777U) == 0640);
}

TEST_CASE("no directory", "[staged_file]") {
    const auto file = StagedFile::create(-1, 0600);
    REQUIRE_FALSE(file.ok());
    CHECK(file.error().code() == ErrorCode::io);
}

TEST_CASE("a directory that is removed while it is open is a failure of the system", "[staged_file]") {
    const TemporaryDirectory directory;
    const std::string path = directory.file("gone");
    std::filesystem::create_directory(path);
    const Descriptor descriptor(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    auto staged = StagedFile::create(descriptor.get(), 0600);
    REQUIRE(staged.ok());
    std::filesystem::remove(path);
    // Some kernels answer EPERM to the first try there; tmpfs has room in it.
    const auto next = StagedFile::create(descriptor.get(), 0600);
    CHECK((next.ok() || next.error().code() != ErrorCode::not_found));
    CHECK(staged->publish_new("name").error().code() == ErrorCode::io);
}

TEST_CASE("writing to a full device fails", "[staged_file]") {
    const Descriptor full(::open("/dev/full", O_WRONLY | O_CLOEXEC));
    REQUIRE(full.is_open());
    const auto written = write_all(full.get(), bytes_of("x"), "cannot write 'it'");
    REQUIRE_FALSE(written.ok());
    CHECK(written.error().code() == ErrorCode::no_space);
    CHECK(written.error().message().find("cannot write 'it'") == 0);
}
