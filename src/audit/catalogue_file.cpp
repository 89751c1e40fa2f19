#include "audit/catalogue_file.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <filesystem>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "audit/mark_checksum.h"
#include "audit/row_checksum.h"
#include "core/descriptor.h"
#include "core/text.h"

namespace filestore {
namespace {

constexpr const char* schema = R"sql(
CREATE TABLE file_uploads (
    file_id TEXT PRIMARY KEY,
    file_path TEXT,
    metadata TEXT,
    uploaded_at TEXT,
    deleted_at TEXT
);
CREATE TABLE sessions (
    number INTEGER PRIMARY KEY AUTOINCREMENT
);
CREATE TABLE intents (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    session INTEGER NOT NULL,
    file_id TEXT NOT NULL,
    operation TEXT NOT NULL,
    file_path TEXT NOT NULL,
    metadata TEXT NOT NULL,
    begun_at TEXT NOT NULL
);
PRAGMA application_id = 1181959009;
)sql";
static_assert(catalogue_application_id == 1181959009);

/// What version 2 added.
constexpr const char* additions = R"sql(
CREATE TABLE marks (
    name TEXT PRIMARY KEY,
    at TEXT NOT NULL
);
CREATE INDEX stored_by_upload ON file_uploads (uploaded_at, file_id) WHERE deleted_at IS NULL;
CREATE INDEX intents_by_file ON intents (file_id);
PRAGMA user_version = 2;
)sql";

/// What version 3 added: the outbox, see outbox.h.
constexpr const char* outbox_tables = R"sql(
CREATE TABLE outbox (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    file_id TEXT NOT NULL UNIQUE,
    version INTEGER NOT NULL DEFAULT 1,
    since TEXT NOT NULL,
    never_told INTEGER NOT NULL,
    checksum INTEGER NOT NULL
);
CREATE TABLE parked (
    file_id TEXT PRIMARY KEY,
    parked_at TEXT NOT NULL,
    reason TEXT NOT NULL
);
CREATE TABLE totals (
    name TEXT PRIMARY KEY,
    count INTEGER NOT NULL
);
PRAGMA user_version = 3;
)sql";

/// Notes for the server that a row has changed.
std::string note_trigger(const std::string& name, const std::string& event) {
    return "CREATE TRIGGER " + name + " AFTER " + event + R"sql( ON file_uploads
WHEN EXISTS (SELECT 1 FROM marks WHERE name = 'audit_server')
  OR EXISTS (SELECT 1 FROM outbox WHERE file_id = new.file_id)
BEGIN
    INSERT INTO outbox (file_id, since, never_told, checksum)
    VALUES (new.file_id, coalesce(new.deleted_at, new.uploaded_at, strftime('%Y-%m-%dT%H:%M:%f000Z', 'now')), 0, -1)
    ON CONFLICT (file_id) DO UPDATE SET version = version + 1, checksum = -1;
END;
)sql";
}

/// What version 4 added: whoever changes a row has it noted, also a library of an older version that has the file open, and a process that knows of no server. The mark says that
/// this catalogue has a server; what an older version has noted or told says so too.
std::string notes() {
    return note_trigger("note_new_row", "INSERT") + note_trigger("note_changed_row", "UPDATE") + R"sql(
INSERT INTO marks (name, at)
SELECT 'audit_server', strftime('%Y-%m-%dT%H:%M:%f000Z', 'now')
WHERE EXISTS (SELECT 1 FROM outbox) OR EXISTS (SELECT 1 FROM totals);
PRAGMA user_version = 4;
)sql";
}

/// What version 5 added: files that can be had back, see soft_deletions.h, and deletions that the server was perhaps told of and that were undone since, see outbox.h.
constexpr const char* soft_deletion = R"sql(
CREATE TABLE soft_deleted (
    file_id TEXT PRIMARY KEY,
    until TEXT NOT NULL,
    size INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX soft_deleted_by_end ON soft_deleted (until, file_id);
CREATE TRIGGER unmark_stored_row AFTER UPDATE ON file_uploads WHEN new.deleted_at IS NULL
BEGIN
    DELETE FROM soft_deleted WHERE file_id = new.file_id;
END;
CREATE TABLE undone (
    file_id TEXT NOT NULL,
    deleted_at TEXT NOT NULL,
    PRIMARY KEY (file_id, deleted_at)
) WITHOUT ROWID;
PRAGMA user_version = 5;
)sql";

/// What version 6 added: a checksum of each of those marks, see mark_checksum.h.
constexpr const char* sealed_marks = R"sql(
ALTER TABLE soft_deleted ADD COLUMN checksum INTEGER NOT NULL DEFAULT -1;
PRAGMA user_version = 6;
)sql";
static_assert(unsealed_mark == -1);

/// What version 7 added: checksums of intents and of the rows of files, see row_checksum.h. Who changes one and knows of none, as a process with an older version that has the file open, leaves it without. What is there counts as it is.
/// A checksum that is set is no news of the file.
std::string sealed_rows() {
    const std::string columns = "file_id, file_path, metadata, uploaded_at, deleted_at";
    return R"sql(
ALTER TABLE intents ADD COLUMN checksum INTEGER NOT NULL DEFAULT -1;
ALTER TABLE file_uploads ADD COLUMN checksum INTEGER;
DROP TRIGGER note_changed_row;
)sql" + note_trigger("note_changed_row", "UPDATE OF " + columns) +
           "CREATE TRIGGER unseal_changed_row AFTER UPDATE OF " + columns + R"sql( ON file_uploads
WHEN new.checksum = old.checksum
BEGIN
    UPDATE file_uploads SET checksum = NULL WHERE file_id = new.file_id;
END;
CREATE TRIGGER unseal_changed_intent AFTER UPDATE OF file_id, operation, file_path, metadata, begun_at ON intents
WHEN new.checksum = old.checksum
BEGIN
    UPDATE intents SET checksum = -1 WHERE number = new.number;
END;
PRAGMA user_version = 7;
)sql";
}
static_assert(unsealed_intent == -1);

/// What version 8 added: copies of files at providers, see sent_copies.h. Whoever records a deletion has them removed, also a library of an older version that has the file open.
constexpr const char* provider_copies = R"sql(
CREATE TABLE provider_copies (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    file_id TEXT NOT NULL,
    profile TEXT NOT NULL,
    base_url TEXT NOT NULL,
    key_variable TEXT NOT NULL,
    purpose TEXT NOT NULL,
    file_version TEXT NOT NULL,
    sent_name TEXT NOT NULL,
    provider_id TEXT NOT NULL DEFAULT '',
    begun_at TEXT NOT NULL,
    sent_at TEXT,
    expires_at TEXT,
    doubtful INTEGER NOT NULL DEFAULT 0,
    missed_since TEXT,
    session INTEGER NOT NULL,
    removing_since TEXT,
    reason TEXT,
    checksum INTEGER NOT NULL
);
CREATE INDEX copies_by_file ON provider_copies (file_id);
CREATE INDEX open_copies ON provider_copies (number) WHERE removing_since IS NOT NULL OR provider_id = '';
CREATE TRIGGER remove_copies_of_new_row AFTER INSERT ON file_uploads WHEN new.deleted_at IS NOT NULL
BEGIN
    UPDATE provider_copies SET removing_since = new.deleted_at WHERE file_id = new.file_id AND removing_since IS NULL;
END;
CREATE TRIGGER remove_copies_of_changed_row AFTER UPDATE OF deleted_at ON file_uploads
WHEN new.deleted_at IS NOT NULL AND old.deleted_at IS NULL
BEGIN
    UPDATE provider_copies SET removing_since = new.deleted_at WHERE file_id = new.file_id AND removing_since IS NULL;
END;
PRAGMA user_version = 8;
)sql";

/// What version 9 took away: each upload had two pages more to write for it, and there are never many intents to look through.
constexpr const char* fewer_indexes = R"sql(
DROP INDEX IF EXISTS intents_by_session;
PRAGMA user_version = 9;
)sql";
static_assert(catalogue_version == 9);

Result<void> sync_directory(const std::filesystem::path& directory) {
    const Descriptor opened = open_at(AT_FDCWD, directory.c_str(), O_RDONLY | O_DIRECTORY);
    if (!opened.is_open() || fsync(opened.get()) != 0) {
        return open_file_error(errno, "cannot sync directory " + filestore::quoted(directory.native()));
    }
    return {};
}

Error directory_failure(const std::filesystem::path& directory) {
    return place_error(
        errno, "cannot make directory " + filestore::quoted(directory.native()) + " for the catalogue",
        "set catalogue_path");
}

Result<void> make_directories(const std::filesystem::path& directory) {
    int made = mkdir(directory.c_str(), 0700);
    if (made != 0 && errno == ENOENT && directory.has_relative_path()) {
        FILESTORE_TRY(make_directories(directory.parent_path()));
        made = mkdir(directory.c_str(), 0700);
    }
    if (made == 0) {
        return sync_directory(directory.parent_path());
    }
    if (errno == EEXIST) {
        return {};
    }
    return directory_failure(directory);
}

/// Without opening the file: closing a descriptor of it would drop the locks that another connection of this process has.
Result<void> make_file(const std::string& path) {
    if (mknod(path.c_str(), S_IFREG | 0600, 0) != 0 && errno != EEXIST) {
        return place_error(errno, "cannot make catalogue " + filestore::quoted(path), "set catalogue_path");
    }
    return {};
}

/// Write-ahead logging shares memory between processes, which must then run on one machine.
Result<void> check_file_system(const std::string& path) {
    constexpr auto network =
        std::to_array<unsigned long>({NFS_SUPER_MAGIC, SMB_SUPER_MAGIC, CIFS_SUPER_MAGIC, SMB2_SUPER_MAGIC,
                                      AFS_SUPER_MAGIC, CEPH_SUPER_MAGIC});
    struct statfs about = {};
    if (statfs(path.c_str(), &about) != 0) {
        return place_error(errno, "cannot examine the file system of catalogue " + filestore::quoted(path),
                           "set catalogue_path");
    }
    const unsigned long type = static_cast<unsigned long>(about.f_type) & 0xFFFFFFFFUL;
    if (std::find(network.begin(), network.end(), type) != network.end()) {
        return Error(ErrorCode::configuration, "catalogue " + filestore::quoted(path) +
                                                   " is on a network file system, where it cannot work; put "
                                                   "it on a local disk (catalogue_path)");
    }
    return {};
}

Result<std::int64_t> read_number(SqliteConnection& connection, const char* sql) {
    FILESTORE_TRY_ASSIGN(SqliteQuery query, connection.query(sql));
    FILESTORE_TRY_ASSIGN(const bool row, query.next());
    return row ? query.number(0) : 0;
}

/// Of a catalogue of ours; 0 for a new file. Inside a transaction: another process may be making the tables.
Result<std::int64_t> version_of(SqliteConnection& connection) {
    FILESTORE_TRY_ASSIGN(const std::int64_t application, read_number(connection, "PRAGMA application_id"));
    FILESTORE_TRY_ASSIGN(const std::int64_t version, read_number(connection, "PRAGMA user_version"));
    FILESTORE_TRY_ASSIGN(const std::int64_t tables,
                         read_number(connection, "SELECT count(*) FROM sqlite_schema"));
    if (application == 0 && version == 0 && tables == 0) {
        return 0;
    }
    if (application != catalogue_application_id || version < 1) {
        return Error(ErrorCode::corrupt,
                     "catalogue " + filestore::quoted(connection.path()) +
                         " is an SQLite file but not a catalogue of filestore; name another "
                         "file (catalogue_path)");
    }
    if (version > catalogue_version) {
        return Error(ErrorCode::configuration, "catalogue " + filestore::quoted(connection.path()) +
                                                   " has version " + std::to_string(version) +
                                                   ", this library knows " +
                                                   std::to_string(catalogue_version) +
                                                   "; use the newer version of filestore that wrote it");
    }
    return version;
}

/// SQLite answers "busy" at once, without its timeout, where two connections change a file to WAL at the same time.
Result<void> enable_write_ahead_log(SqliteConnection& connection) {
    constexpr auto pause = std::chrono::milliseconds(20);
    constexpr auto patience = std::chrono::seconds(10);
    const auto give_up = std::chrono::steady_clock::now() + patience;
    for (;;) {
        auto changed = connection.run("PRAGMA journal_mode = WAL");
        if (changed.ok() || !changed.error().retryable() || std::chrono::steady_clock::now() > give_up) {
            return changed;
        }
        std::this_thread::sleep_for(pause);
    }
}

Result<void> check_write_ahead_log(SqliteConnection& connection) {
    FILESTORE_TRY_ASSIGN(SqliteQuery query, connection.query("PRAGMA journal_mode"));
    FILESTORE_TRY_ASSIGN(const bool row, query.next());
    if (!row || query.text(0) != "wal") {
        return Error(
            ErrorCode::configuration,
            "catalogue " + filestore::quoted(connection.path()) +
                " is on a file system without write-ahead logging; put it on a local disk (catalogue_path)");
    }
    return {};
}

Result<std::int64_t> examine(SqliteConnection& connection) {
    SqliteTransaction transaction(connection);
    FILESTORE_TRY(transaction.begin_reading());
    FILESTORE_TRY_ASSIGN(const std::int64_t version, version_of(connection));
    FILESTORE_TRY(transaction.commit());
    return version;
}

/// Those that are there are taken for good: nobody can tell any more.
Result<void> seal_marks(SqliteConnection& connection) {
    constexpr const char* marks_behind =
        "SELECT file_id, until, size FROM soft_deleted WHERE file_id > ? ORDER BY file_id LIMIT 1000";
    constexpr const char* seal = "UPDATE soft_deleted SET checksum = ? WHERE file_id = ?";
    std::string last;
    for (;;) {
        std::vector<std::pair<std::string, std::int64_t>> sealed;
        {
            FILESTORE_TRY_ASSIGN(SqliteQuery row, connection.query(marks_behind, last));
            for (;;) {
                FILESTORE_TRY_ASSIGN(const bool found, row.next());
                if (!found) {
                    break;
                }
                sealed.emplace_back(row.text(0), checksum_of_mark(row.text(0), row.text(1), row.number(2)));
            }
        }
        if (sealed.empty()) {
            return {};
        }
        for (const auto& [file_id, checksum] : sealed) {
            FILESTORE_TRY(connection.run(seal, checksum, file_id));
        }
        last = sealed.back().first;
    }
}

Result<void> make_tables(SqliteConnection& connection) {
    SqliteTransaction transaction(connection);
    FILESTORE_TRY(transaction.begin());
    FILESTORE_TRY_ASSIGN(const std::int64_t version, version_of(connection));
    if (version < 1) {
        FILESTORE_TRY(connection.execute_script(schema));
    }
    if (version < 2) {
        FILESTORE_TRY(connection.execute_script(additions));
    }
    if (version < 3) {
        FILESTORE_TRY(connection.execute_script(outbox_tables));
    }
    if (version < 4) {
        FILESTORE_TRY(connection.execute_script(notes().c_str()));
    }
    if (version < 5) {
        FILESTORE_TRY(connection.execute_script(soft_deletion));
    }
    if (version < 6) {
        FILESTORE_TRY(connection.execute_script(sealed_marks));
        FILESTORE_TRY(seal_marks(connection));
    }
    if (version < 7) {
        FILESTORE_TRY(connection.execute_script(sealed_rows().c_str()));
    }
    if (version < 8) {
        FILESTORE_TRY(connection.execute_script(provider_copies));
    }
    if (version < 9) {
        FILESTORE_TRY(connection.execute_script(fewer_indexes));
    }
    return transaction.commit();
}

Result<void> check_not_salvaged(const std::string& path) {
    if (access(salvage_directory(path).c_str(), F_OK) != 0) {
        return {};
    }
    return Error(
        ErrorCode::unavailable,
        "catalogue " + filestore::quoted(path) +
            " is being salvaged, or that was interrupted: `filestore audit salvage` brings it to its end");
}

/// Somebody may have begun that, or have ended it, since the file was opened.
Result<void> check_in_place(const SqliteConnection& connection) {
    FILESTORE_TRY(check_not_salvaged(connection.path()));
    if (connection.has_moved()) {
        return Error(ErrorCode::unavailable, "catalogue " + filestore::quoted(connection.path()) +
                                                 " was replaced while it was opened; try again");
    }
    return {};
}

}  // namespace

Result<SqliteConnection> open_catalogue_file(const std::string& path) {
    FILESTORE_TRY(check_not_salvaged(path));
    FILESTORE_TRY(make_directories(std::filesystem::path(path).parent_path()));
    FILESTORE_TRY(make_file(path));
    FILESTORE_TRY(check_file_system(path));
    FILESTORE_TRY_ASSIGN(SqliteConnection connection, SqliteConnection::open(path));
    if (connection.read_only()) {
        return Error(ErrorCode::permission_denied,
                     "catalogue " + filestore::quoted(path) +
                         " can only be read; make the file and its directory writable for this user");
    }
    const auto examined = examine(connection);
    FILESTORE_TRY(check_in_place(connection));
    FILESTORE_TRY_ASSIGN(const std::int64_t version, examined);
    FILESTORE_TRY(enable_write_ahead_log(connection));
    FILESTORE_TRY(check_write_ahead_log(connection));
    connection.use_long_log();
    FILESTORE_TRY(connection.execute_script("PRAGMA synchronous = FULL"));
    if (version < catalogue_version) {
        FILESTORE_TRY(make_tables(connection));
    }
    return connection;
}

}  // namespace filestore
