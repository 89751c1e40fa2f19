#include "audit/sqlite.h"

#include <sqlite3.h>

#include <catch2/catch.hpp>
#include <cerrno>

using filestore::ErrorCode;

namespace {

struct Case {
    int code;
    int system_errno;
    ErrorCode expected;
};

std::string message_of(const filestore::Error& error) {
    return std::string(error.message());
}

}  // namespace

TEST_CASE("result codes of SQLite become public codes", "[audit]") {
    const auto expected = GENERATE(values<Case>({
        {SQLITE_FULL, 0, ErrorCode::no_space},
        {SQLITE_IOERR_WRITE, ENOSPC, ErrorCode::no_space},
        {SQLITE_IOERR_WRITE, EDQUOT, ErrorCode::no_space},
        {SQLITE_IOERR_WRITE, EFBIG, ErrorCode::no_space},
        {SQLITE_IOERR_SHMSIZE, ENOSPC, ErrorCode::no_space},
        {SQLITE_CORRUPT, 0, ErrorCode::corrupt},
        {SQLITE_CORRUPT_INDEX, 0, ErrorCode::corrupt},
        {SQLITE_NOTADB, 0, ErrorCode::corrupt},
        {SQLITE_ERROR, 0, ErrorCode::corrupt},
        {SQLITE_READONLY, 0, ErrorCode::permission_denied},
        {SQLITE_READONLY_DIRECTORY, 0, ErrorCode::permission_denied},
        {SQLITE_READONLY_DBMOVED, 0, ErrorCode::io},
        {SQLITE_PERM, 0, ErrorCode::permission_denied},
        {SQLITE_CANTOPEN, EACCES, ErrorCode::permission_denied},
        {SQLITE_CANTOPEN, EROFS, ErrorCode::permission_denied},
        {SQLITE_CANTOPEN, EMFILE, ErrorCode::io},
        {SQLITE_CANTOPEN, ENOENT, ErrorCode::io},
        {SQLITE_CANTOPEN, 0, ErrorCode::io},
        {SQLITE_BUSY, 0, ErrorCode::unavailable},
        {SQLITE_BUSY_RECOVERY, 0, ErrorCode::unavailable},
        {SQLITE_PROTOCOL, 0, ErrorCode::unavailable},
        {SQLITE_NOMEM, 0, ErrorCode::no_memory},
        {SQLITE_IOERR_READ, EIO, ErrorCode::io},
        {SQLITE_IOERR_SHMMAP, ENODEV, ErrorCode::configuration},
        {SQLITE_MISUSE, 0, ErrorCode::io},
    }));
    CAPTURE(expected.code, expected.system_errno);
    const auto error =
        filestore::sqlite_error(expected.code, expected.system_errno, "text of SQLite", "/srv/c.sqlite");
    CHECK(error.code() == expected.expected);
    CHECK(error.retryable() == (expected.expected == ErrorCode::unavailable));
    if (expected.expected != ErrorCode::no_memory) {
        CHECK_THAT(message_of(error), Catch::Contains("/srv/c.sqlite") && Catch::Contains("text of SQLite") &&
                                          Catch::Contains("; ") && !Catch::Contains("\n"));
    }
}

TEST_CASE("an errno is told only with the codes that come from the system", "[audit]") {
    const auto system = filestore::sqlite_error(SQLITE_CANTOPEN, EACCES, "x", "p");
    CHECK_THAT(message_of(system), Catch::Contains("Permission denied"));
    const auto stale = filestore::sqlite_error(SQLITE_CORRUPT, EACCES, "x", "p");
    CHECK(stale.code() == ErrorCode::corrupt);
    CHECK_THAT(message_of(stale), Catch::Contains("`filestore audit reconcile --repair`"));
    CHECK_THAT(message_of(stale), !Catch::Contains("Permission denied"));
}
