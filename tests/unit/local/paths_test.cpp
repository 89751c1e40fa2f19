#include "local/paths.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <catch2/catch.hpp>
#include <cerrno>
#include <filesystem>

#include "support/files.h"
#include "support/temporary_directory.h"

using filestore::Descriptor;
using filestore::local::open_beneath;
using filestore::local::walk_beneath;
using filestore::test::read_file;
using filestore::test::TemporaryDirectory;
using filestore::test::write_file;

namespace {

using Open = Descriptor (*)(int directory, const char* path, int flags, mode_t mode) noexcept;

/// The base of a store, with a secret beside it.
struct Fixture {
    Fixture() {
        std::filesystem::create_directories(directory.file("base/a/b"));
        write_file(directory.file("base/a/b/file"), "inside");
        write_file(directory.file("secret"), "outside");
        std::filesystem::create_symlink("../secret", directory.file("base/link"));
        std::filesystem::create_directory_symlink("..", directory.file("base/up"));
        std::filesystem::create_directory_symlink("a", directory.file("base/same"));
        base = Descriptor(::open(directory.file("base").c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    }

    TemporaryDirectory directory;
    Descriptor base;
};

}  // namespace

TEST_CASE_METHOD(Fixture, "a path below the directory is opened", "[paths]") {
    const Open open = GENERATE(Open{open_beneath}, Open{walk_beneath});
    const Descriptor file = open(base.get(), "a/b/file", O_RDONLY, 0);
    REQUIRE(file.is_open());
    CHECK((::fcntl(file.get(), F_GETFD) & FD_CLOEXEC) != 0);
    CHECK(open(base.get(), "a", O_RDONLY | O_DIRECTORY, 0).is_open());
    CHECK(open(base.get(), "a/new", O_RDWR | O_CREAT | O_EXCL, 0600).is_open());
    struct ::stat status {};
    REQUIRE(::stat(directory.file("base/a/new").c_str(), &status) == 0);
    CHECK((status.st_mode & 07777U) == 0600);
}

TEST_CASE_METHOD(Fixture, "no link is followed, and nothing is opened outside", "[paths]") {
    const Open open = GENERATE(Open{open_beneath}, Open{walk_beneath});
    for (const char* path : {"link", "up", "up/secret", "same", "same/b/file", "../secret", "a/../../secret",
                             "/etc/passwd", "/", "..", "up/base/a/b/file"}) {
        INFO(path);
        const Descriptor opened = open(base.get(), path, O_RDONLY | O_NONBLOCK, 0);
        CHECK_FALSE(opened.is_open());
        CHECK((errno == ELOOP || errno == ENOTDIR || errno == EXDEV));
    }
    CHECK_FALSE(open(base.get(), "up/made", O_RDWR | O_CREAT, 0600).is_open());
    CHECK_FALSE(open(base.get(), "link", O_RDWR | O_CREAT | O_TRUNC, 0600).is_open());
    CHECK_FALSE(std::filesystem::exists(directory.file("made")));
    CHECK(read_file(directory.file("secret")) == "outside");
}

TEST_CASE_METHOD(Fixture, "what is not there", "[paths]") {
    const Open open = GENERATE(Open{open_beneath}, Open{walk_beneath});
    const std::string long_name(300, 'x');
    const auto error_of = [&](const std::string& path) {
        return open(base.get(), path.c_str(), O_RDONLY, 0).is_open() ? 0 : errno;
    };
    CHECK(error_of("absent") == ENOENT);
    CHECK(error_of("absent/file") == ENOENT);
    CHECK(error_of("") == ENOENT);
    CHECK(error_of("a/b/file/x") == ENOTDIR);
    CHECK(error_of(long_name) == ENAMETOOLONG);
    CHECK(error_of("a/" + long_name + "/x") == ENAMETOOLONG);
}
