#include "core/descriptor.h"

#include <fcntl.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cerrno>
#include <utility>

#include "support/file_changes.h"
#include "support/temporary_directory.h"

using filestore::code_of_errno;
using filestore::Descriptor;
using filestore::errno_error;
using filestore::ErrorCode;
using filestore::open_at;
using filestore::open_file_error;
using filestore::test::FileChanges;
using filestore::test::TemporaryDirectory;

namespace {

int open_null() {
    return ::open("/dev/null", O_RDONLY | O_CLOEXEC);
}

bool is_open_in_process(int number) {
    return ::fcntl(number, F_GETFD) >= 0;
}

}  // namespace

TEST_CASE("a descriptor is closed with its owner", "[descriptor]") {
    int number = -1;
    {
        const Descriptor owner(open_null());
        number = owner.get();
        REQUIRE(owner.is_open());
        REQUIRE(is_open_in_process(number));
    }
    CHECK_FALSE(is_open_in_process(number));
}

TEST_CASE("an owner of nothing", "[descriptor]") {
    const Descriptor none;
    CHECK_FALSE(none.is_open());
    CHECK(none.get() == -1);
    CHECK_FALSE(Descriptor(-1).is_open());
}

TEST_CASE("a moved descriptor has one owner", "[descriptor]") {
    Descriptor first(open_null());
    const int number = first.get();
    const Descriptor second = std::move(first);
    CHECK_FALSE(first.is_open());
    CHECK(second.get() == number);
    CHECK(is_open_in_process(number));
}

TEST_CASE("assignment closes what was there", "[descriptor]") {
    Descriptor target(open_null());
    Descriptor source(open_null());
    const int old_number = target.get();
    const int new_number = source.get();
    target = std::move(source);
    CHECK_FALSE(is_open_in_process(old_number));
    CHECK(target.get() == new_number);
    CHECK_FALSE(source.is_open());

    Descriptor& same = target;
    target = std::move(same);
    CHECK(target.get() == new_number);
    CHECK(is_open_in_process(new_number));

    target = Descriptor();
    CHECK_FALSE(is_open_in_process(new_number));
}

TEST_CASE("closing leaves errno alone", "[descriptor]") {
    const int number = open_null();
    REQUIRE(number >= 0);
    {
        const Descriptor owner(number);
        ::close(number);
        errno = ENOSPC;
    }
    CHECK(errno == ENOSPC);
}

TEST_CASE("errno numbers have their public codes", "[descriptor]") {
    struct Row {
        int number;
        ErrorCode code;
    };
    const Row rows[] = {
        {ENOENT, ErrorCode::not_found},
        {EACCES, ErrorCode::permission_denied},
        {EPERM, ErrorCode::permission_denied},
        {EROFS, ErrorCode::permission_denied},
        {ENOSPC, ErrorCode::no_space},
        {EDQUOT, ErrorCode::no_space},
        {EFBIG, ErrorCode::no_space},
        {EEXIST, ErrorCode::already_exists},
        {ENOTDIR, ErrorCode::invalid_argument},
        {EISDIR, ErrorCode::invalid_argument},
        {ENAMETOOLONG, ErrorCode::invalid_argument},
        {ELOOP, ErrorCode::invalid_argument},
        {ENOMEM, ErrorCode::no_memory},
        {EIO, ErrorCode::io},
        {EMFILE, ErrorCode::io},
        {0, ErrorCode::io},
        {-1, ErrorCode::io},
        {99'999, ErrorCode::io},
    };
    for (const Row& row : rows) {
        INFO(row.number);
        CHECK(code_of_errno(row.number) == row.code);
        CHECK(errno_error(row.number, "x").code() == row.code);
    }
}

TEST_CASE("what is open already cannot be not found", "[descriptor]") {
    CHECK(open_file_error(ENOENT, "x").code() == ErrorCode::io);
    CHECK(open_file_error(ENOENT, "x").message() == errno_error(ENOENT, "x").message());
    CHECK(open_file_error(EACCES, "x").code() == ErrorCode::permission_denied);
    CHECK(open_file_error(ENOSPC, "x").code() == ErrorCode::no_space);
}

TEST_CASE("an errno's message says what and why", "[descriptor]") {
    CHECK(errno_error(ENOENT, "cannot open '/srv/x'").message() ==
          "cannot open '/srv/x': No such file or directory");
    CHECK(errno_error(99'999, "cannot open").message().find("cannot open: ") == 0);
}

TEST_CASE("an open that a signal interrupts is tried again", "[descriptor]") {
    const TemporaryDirectory directory;
    const FileChanges interrupted = FileChanges::failing_at(1, EINTR);
    const Descriptor file = open_at(AT_FDCWD, directory.file("f").c_str(), O_WRONLY | O_CREAT | O_EXCL, 0600);
    CHECK(file.is_open());
    CHECK(interrupted.count() == 2);
    CHECK((::fcntl(file.get(), F_GETFD) & FD_CLOEXEC) != 0);
}

TEST_CASE("who gives a descriptor up does not close it", "[descriptor]") {
    int number = -1;
    {
        Descriptor owner(open_null());
        number = owner.release();
        CHECK_FALSE(owner.is_open());
    }
    CHECK(is_open_in_process(number));
    const Descriptor closed(number);
}
