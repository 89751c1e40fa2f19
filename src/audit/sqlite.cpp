#include "audit/sqlite.h"

#include <sqlite3.h>

#include <cerrno>
#include <cstring>
#include <limits>

#include "core/descriptor.h"
#include "core/text.h"
#include "core/try.h"

namespace filestore {
namespace {

constexpr int busy_timeout_milliseconds = 10'000;

/// Of 4 KiB, of the log: from so many on it is looked at what they add to the file, and so many are the most.
constexpr int usual_log = 1'000;
constexpr int longest_log = 4'000;
/// A look takes longer than most commits.
constexpr int pages_between_looks = 250;
/// Pages that the file has not got yet. Most pages of a log are newer forms of ones that it has.
constexpr std::int64_t most_growth = 500;

struct Meaning {
    ErrorCode code;
    const char* advice;
};

bool is_shared_memory_failure(int code) {
    return code == SQLITE_IOERR_SHMOPEN || code == SQLITE_IOERR_SHMMAP || code == SQLITE_IOERR_SHMLOCK;
}

Meaning meaning_of_errno(int system_errno) {
    const ErrorCode code = code_of_errno(system_errno);
    switch (code) {
        case ErrorCode::no_space:
            return {code, "free some space on its file system"};
        case ErrorCode::permission_denied:
            return {code, "make the file and its directory writable for this user"};
        case ErrorCode::invalid_argument:
            return {code, "name a file in a directory"};
        case ErrorCode::no_memory:
            return {code, "free some memory"};
        default:
            return {ErrorCode::io, "check the path and the disk"};
    }
}

Meaning meaning_of_system_failure(int code, int system_errno) {
    const Meaning meaning = meaning_of_errno(system_errno);
    if (meaning.code == ErrorCode::io && is_shared_memory_failure(code)) {
        return {ErrorCode::configuration,
                "its file system cannot share memory between processes; put the catalogue on a local disk "
                "(catalogue_path)"};
    }
    return meaning;
}

Meaning meaning_of(int code, int system_errno) {
    if (code == SQLITE_READONLY_DBMOVED) {
        return {ErrorCode::io, "it was moved or removed while it was open; open the service again"};
    }
    switch (code & 0xFF) {
        case SQLITE_FULL:
            return {ErrorCode::no_space, "free some space on its file system"};
        case SQLITE_CORRUPT:
        case SQLITE_NOTADB:
            return {ErrorCode::corrupt, advice_for_damage};
        // Our SQL is fixed, so SQLite can only object to it where the tables are not ours.
        case SQLITE_ERROR:
        case SQLITE_SCHEMA:
            return {ErrorCode::corrupt,
                    "it is not a catalogue of filestore; name another file (catalogue_path)"};
        case SQLITE_READONLY:
        case SQLITE_PERM:
        case SQLITE_AUTH:
            return {ErrorCode::permission_denied, "make the file and its directory writable for this user"};
        case SQLITE_BUSY:
        case SQLITE_LOCKED:
        case SQLITE_PROTOCOL:
            return {ErrorCode::unavailable, "another process keeps it locked; try again"};
        default:
            return meaning_of_system_failure(code, system_errno);
    }
}

/// SQLite keeps the errno of a failed read or write with the file that it happened on.
int errno_of_failure(sqlite3* handle, int code) {
    int number = sqlite3_system_errno(handle);
    if (number != 0 || (code & 0xFF) != SQLITE_IOERR) {
        return number;
    }
    sqlite3_file* log = nullptr;
    sqlite3_file_control(handle, "main", SQLITE_FCNTL_JOURNAL_POINTER, &log);
    if (log != nullptr && log->pMethods != nullptr) {
        log->pMethods->xFileControl(log, SQLITE_FCNTL_LAST_ERRNO, &number);
    }
    if (number == 0) {
        sqlite3_file_control(handle, "main", SQLITE_FCNTL_LAST_ERRNO, &number);
    }
    return number;
}

/// Pages; as many as can be where that cannot be told.
std::int64_t growth_in_log(sqlite3* handle) noexcept {
    constexpr std::int64_t unknown = std::numeric_limits<std::int64_t>::max();
    sqlite3_file* file = nullptr;
    sqlite3_int64 size = 0;
    sqlite3_file_control(handle, "main", SQLITE_FCNTL_FILE_POINTER, &file);
    if (file == nullptr || file->pMethods == nullptr || file->pMethods->xFileSize(file, &size) != SQLITE_OK) {
        return unknown;
    }
    constexpr const char* pages_and_size =
        "SELECT page_count, page_size FROM pragma_page_count, pragma_page_size";
    sqlite3_stmt* statement = nullptr;
    std::int64_t growth = unknown;
    if (sqlite3_prepare_v2(handle, pages_and_size, -1, &statement, nullptr) == SQLITE_OK &&
        sqlite3_step(statement) == SQLITE_ROW) {
        growth = sqlite3_column_int64(statement, 0) - size / sqlite3_column_int64(statement, 1);
    }
    sqlite3_finalize(statement);
    return growth;
}

/// `next_look`: the length of the log from which on it is looked at what it adds to the file.
bool is_to_be_shortened(sqlite3* handle, int pages, int& next_look) noexcept {
    if (pages < usual_log) {
        next_look = usual_log;
    }
    if (pages < next_look || pages >= longest_log) {
        return pages >= longest_log;
    }
    next_look = pages + pages_between_looks;
    return growth_in_log(handle) >= most_growth;
}

/// Called by SQLite after each commit. A log that cannot be brought to the file now stays; that is no failure of the commit.
int shorten_log(void* next_look, sqlite3* handle, const char* database, int pages) noexcept {
    if (is_to_be_shortened(handle, pages, *static_cast<int*>(next_look))) {
        sqlite3_wal_checkpoint_v2(handle, database, SQLITE_CHECKPOINT_PASSIVE, nullptr, nullptr);
    }
    return SQLITE_OK;
}

}  // namespace

Error sqlite_error(int code, int system_errno, std::string_view text, const std::string& path) {
    if ((code & 0xFF) == SQLITE_NOMEM) {
        return Error(ErrorCode::no_memory);
    }
    const Meaning meaning = meaning_of(code, system_errno);
    std::string message = "catalogue " + filestore::quoted(path) + ": " + std::string(text);
    const int primary = code & 0xFF;
    if (system_errno != 0 && (primary == SQLITE_CANTOPEN || primary == SQLITE_IOERR)) {
        message += " (" + std::string(errno_error(system_errno, "system").message()) + ")";
    }
    message += "; ";
    message += meaning.advice;
    ErrorDetails details;
    details.retryable = meaning.code == ErrorCode::unavailable;
    return Error(meaning.code, std::move(message), std::move(details));
}

bool can_keep_catalogues() noexcept {
    return true;
}

SqliteQuery::SqliteQuery(SqliteConnection& connection, sqlite3_stmt* statement) noexcept
    : connection_(&connection), statement_(statement) {}

SqliteQuery::SqliteQuery(SqliteQuery&& other) noexcept
    : connection_(other.connection_),
      statement_(std::exchange(other.statement_, nullptr)),
      bound_(other.bound_),
      bind_failure_(other.bind_failure_) {}

SqliteQuery::~SqliteQuery() {
    if (statement_ != nullptr) {
        sqlite3_reset(statement_);
        sqlite3_clear_bindings(statement_);
    }
}

void SqliteQuery::bind(std::string_view text) {
    const char* bytes = text.data() == nullptr ? "" : text.data();
    const int code =
        sqlite3_bind_text64(statement_, ++bound_, bytes, text.size(), SQLITE_TRANSIENT, SQLITE_UTF8);
    if (code != SQLITE_OK) {
        bind_failure_ = code;
    }
}

void SqliteQuery::bind(std::int64_t number) {
    const int code = sqlite3_bind_int64(statement_, ++bound_, number);
    if (code != SQLITE_OK) {
        bind_failure_ = code;
    }
}

void SqliteQuery::bind(const NullableText& value) {
    if (value.text) {
        bind(std::string_view(*value.text));
    } else {
        ++bound_;
    }
}

Result<bool> SqliteQuery::next() {
    if (bind_failure_ != SQLITE_OK) {
        return connection_->failure(bind_failure_);
    }
    const int code = sqlite3_step(statement_);
    if (code == SQLITE_ROW) {
        return true;
    }
    if (code == SQLITE_DONE) {
        return false;
    }
    return connection_->failure(code);
}

std::string SqliteQuery::text(int column) const {
    const void* bytes = sqlite3_column_blob(statement_, column);
    const int size = sqlite3_column_bytes(statement_, column);
    return bytes == nullptr ? std::string()
                            : std::string(static_cast<const char*>(bytes), static_cast<std::size_t>(size));
}

std::int64_t SqliteQuery::number(int column) const {
    return sqlite3_column_int64(statement_, column);
}

bool SqliteQuery::is_null(int column) const {
    return sqlite3_column_type(statement_, column) == SQLITE_NULL;
}

NullableText SqliteQuery::nullable(int column) const {
    return {is_null(column) ? std::nullopt : std::optional(text(column))};
}

Result<SqliteConnection> SqliteConnection::open(const std::string& path) {
    SqliteConnection connection(path);
    const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
    const int code = sqlite3_open_v2(path.c_str(), &connection.handle_, flags, nullptr);
    if (connection.handle_ == nullptr) {
        return Error(ErrorCode::no_memory);
    }
    if (code != SQLITE_OK) {
        return connection.failure(code);
    }
    sqlite3_busy_timeout(connection.handle_, busy_timeout_milliseconds);
    return connection;
}

SqliteConnection::SqliteConnection(SqliteConnection&& other) noexcept
    : handle_(std::exchange(other.handle_, nullptr)),
      path_(std::move(other.path_)),
      next_look_at_log_(std::move(other.next_look_at_log_)),
      statements_(std::exchange(other.statements_, {})) {}

SqliteConnection::~SqliteConnection() {
    for (const auto& [sql, statement] : statements_) {
        sqlite3_finalize(statement);
    }
    sqlite3_close(handle_);
}

Result<void> SqliteConnection::execute_script(const char* sql) {
    const int code = sqlite3_exec(handle_, sql, nullptr, nullptr, nullptr);
    if (code != SQLITE_OK) {
        return failure(code);
    }
    return {};
}

void SqliteConnection::roll_back() noexcept {
    sqlite3_exec(handle_, "ROLLBACK", nullptr, nullptr, nullptr);
}

Result<void> SqliteConnection::end_what_is_left() {
    return in_transaction() ? run("ROLLBACK") : Result<void>();
}

std::int64_t SqliteConnection::changed_rows() const noexcept {
    return sqlite3_changes64(handle_);
}

std::int64_t SqliteConnection::last_inserted() const noexcept {
    return sqlite3_last_insert_rowid(handle_);
}

bool SqliteConnection::read_only() const noexcept {
    return sqlite3_db_readonly(handle_, "main") == 1;
}

bool SqliteConnection::in_transaction() const noexcept {
    return sqlite3_get_autocommit(handle_) == 0;
}

bool SqliteConnection::has_moved() const noexcept {
    int moved = 0;
    return sqlite3_file_control(handle_, "main", SQLITE_FCNTL_HAS_MOVED, &moved) == SQLITE_OK && moved != 0;
}

void SqliteConnection::use_long_log() noexcept {
    sqlite3_wal_hook(handle_, shorten_log, next_look_at_log_.get());
}

void SqliteConnection::disown() noexcept {
    statements_.clear();
    handle_ = nullptr;
}

Error SqliteConnection::failure(int code) const {
    const std::string text = sqlite3_errmsg(handle_);
    return sqlite_error(code, errno_of_failure(handle_, code), text, path_);
}

Result<void> SqliteConnection::pass_over_rows(Result<SqliteQuery> query) {
    FILESTORE_TRY(query);
    for (;;) {
        FILESTORE_TRY_ASSIGN(const bool row, query->next());
        if (!row) {
            return {};
        }
    }
}

Result<SqliteQuery> SqliteConnection::prepare(const char* sql) {
    if (const auto found = statements_.find(sql); found != statements_.end()) {
        return SqliteQuery(*this, found->second);
    }
    sqlite3_stmt* statement = nullptr;
    const int code = sqlite3_prepare_v3(handle_, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement, nullptr);
    if (code != SQLITE_OK) {
        return failure(code);
    }
    try {
        statements_.emplace(sql, statement);
    } catch (...) {
        sqlite3_finalize(statement);
        throw;
    }
    return SqliteQuery(*this, statement);
}

SqliteTransaction::~SqliteTransaction() {
    // Some failures (a full disk, no memory) have rolled back already.
    if (connection_.in_transaction()) {
        connection_.roll_back();
    }
}

Result<void> SqliteTransaction::begin() {
    FILESTORE_TRY(connection_.end_what_is_left());
    return connection_.run("BEGIN IMMEDIATE");
}

Result<void> SqliteTransaction::begin_reading() {
    return connection_.run("BEGIN DEFERRED");
}

Result<void> SqliteTransaction::commit() {
    return connection_.run("COMMIT");
}

}  // namespace filestore
