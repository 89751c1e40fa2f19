#include "audit/sqlite.h"

#include <sqlite3.h>

#include <catch2/catch.hpp>
#include <cerrno>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>

#include "support/temporary_directory.h"

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

using filestore::SqliteConnection;

/// A file with a log, and rows that are written one at a time. A resource.
class LoggedFile {
public:
    LoggedFile() {
        std::ofstream(path()).close();
        auto connection = SqliteConnection::open(path());
        REQUIRE(connection.ok());
        connection_.emplace(std::move(*connection));
        REQUIRE(connection_->run("PRAGMA journal_mode = WAL").ok());
        REQUIRE(
            connection_->execute_script("PRAGMA synchronous = OFF; CREATE TABLE t (a INTEGER PRIMARY KEY, b)")
                .ok());
        connection_->use_long_log();
    }

    void write(std::int64_t key, std::int64_t size) {
        REQUIRE(connection_->run("REPLACE INTO t VALUES (?, zeroblob(?))", key, size).ok());
    }
    [[nodiscard]] std::uintmax_t size() const { return std::filesystem::file_size(path()); }
    [[nodiscard]] std::uintmax_t size_of_log() const { return std::filesystem::file_size(path() + "-wal"); }

private:
    [[nodiscard]] std::string path() const { return (directory_.path() / "file").string(); }

    filestore::test::TemporaryDirectory directory_;
    std::optional<SqliteConnection> connection_;
};

constexpr std::uintmax_t page = 4096;

}  // namespace

TEST_CASE("a log of pages that the file has grows to four thousand of them", "[audit]") {
    LoggedFile file;
    const std::uintmax_t empty = file.size();
    for (std::int64_t write = 0; write < 3'900; ++write) {
        file.write(write % 10, 100);
    }
    CHECK(file.size() == empty);
    for (std::int64_t write = 0; write < 10'000; ++write) {
        file.write(write % 10, 100);
    }
    CHECK(file.size() > empty);
    CHECK(file.size_of_log() < 4'100 * (page + 24));
}

TEST_CASE("what a log adds to its file never is much more than a thousand pages", "[audit]") {
    LoggedFile file;
    std::uintmax_t written = file.size();
    for (std::int64_t key = 0; key < 3'000; ++key) {
        file.write(key, 3'000);
        written += page;
        CHECK(written < file.size() + 1'100 * page);
    }
    CHECK(file.size_of_log() < 2'000 * (page + 24));
}

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
