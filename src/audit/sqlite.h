#pragma once

/// SQLite as the catalogue uses it: a connection with cached statements, transactions, and failures as Error.
/// SQL text given to these classes must have static storage.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "core/try.h"
#include "filestore/result.h"

struct sqlite3;
struct sqlite3_stmt;

namespace filestore {

/// What to do about a damaged catalogue.
inline constexpr const char* advice_for_damage =
    "restore it from a backup, or have `filestore audit salvage` keep what can be read of it, and `filestore "
    "audit "
    "reconcile --repair` then repair the rest from the store";

/// Whether this library was built with SQLite.
[[nodiscard]] bool can_keep_catalogues() noexcept;

/// The Error for an (extended) SQLite result code. `system_errno` is 0 where it is not known; `text` is SQLite's own message.
/// Never call it with a code of success.
[[nodiscard]] Error sqlite_error(int code, int system_errno, std::string_view text, const std::string& path);

class SqliteConnection;

/// A text, or NULL. A value.
struct NullableText {
    std::optional<std::string> text;
};

/// One use of a cached statement; the statement is free again when this ends. A resource (movable); one thread at a time.
/// The connection outlives it, and no second query of the same SQL is open meanwhile.
class SqliteQuery {
public:
    SqliteQuery(SqliteConnection& connection, sqlite3_stmt* statement) noexcept;
    SqliteQuery(SqliteQuery&& other) noexcept;
    SqliteQuery& operator=(SqliteQuery&&) = delete;
    ~SqliteQuery();

    /// Binds the next parameter. A failure is answered by next().
    void bind(std::string_view text);
    void bind(std::int64_t number);
    void bind(const NullableText& value);

    /// Goes to the next row; false after the last.
    [[nodiscard]] Result<bool> next();

    /// Columns of the current row; a NULL is an empty text and a 0.
    [[nodiscard]] std::string text(int column) const;
    [[nodiscard]] std::int64_t number(int column) const;
    /// Also where there is no such column.
    [[nodiscard]] bool is_null(int column) const;
    [[nodiscard]] NullableText nullable(int column) const;

private:
    SqliteConnection* connection_;
    sqlite3_stmt* statement_;
    int bound_ = 0;
    int bind_failure_ = 0;
};

/// One connection to a file. A resource (movable); one thread at a time; not to be used in a forked child (see disown).
class SqliteConnection {
public:
    /// Opens a file that exists. Nothing of it is read yet.
    [[nodiscard]] static Result<SqliteConnection> open(const std::string& path);
    SqliteConnection(SqliteConnection&& other) noexcept;
    SqliteConnection& operator=(SqliteConnection&&) = delete;
    ~SqliteConnection();

    /// A query with its parameters bound in order.
    template <class... Parameters>
    [[nodiscard]] Result<SqliteQuery> query(const char* sql, const Parameters&... parameters) {
        FILESTORE_TRY_ASSIGN(SqliteQuery query, prepare(sql));
        (query.bind(parameters), ...);
        return query;
    }

    /// Runs a query whose rows are not wanted.
    template <class... Parameters>
    [[nodiscard]] Result<void> run(const char* sql, const Parameters&... parameters) {
        return pass_over_rows(query(sql, parameters...));
    }

    /// Runs one or more statements without parameters, uncached.
    [[nodiscard]] Result<void> execute_script(const char* sql);
    /// For destructors: a failure is passed over, because to tell it takes memory. The transaction may then be left: see end_what_is_left().
    void roll_back() noexcept;
    /// Rolls back a transaction that could not be rolled back when it ended. Before anything else is done with the connection.
    [[nodiscard]] Result<void> end_what_is_left();

    /// Rows changed by the last statement that changed any.
    [[nodiscard]] std::int64_t changed_rows() const noexcept;
    /// The rowid of the last INSERT.
    [[nodiscard]] std::int64_t last_inserted() const noexcept;
    /// Whether the file could only be opened for reading.
    [[nodiscard]] bool read_only() const noexcept;
    [[nodiscard]] bool in_transaction() const noexcept;
    /// Whether its path leads to another file by now, or to none.
    [[nodiscard]] bool has_moved() const noexcept;
    [[nodiscard]] const std::string& path() const noexcept { return path_; }

    /// Has the write-ahead log brought to the file less often than SQLite does: each time two flushes keep every writer waiting. What the file may have to grow by then stays within
    /// what SQLite's own limit leaves, so that a full disk with that much room can always be written to.
    void use_long_log() noexcept;

    /// Forgets the connection without closing it: in a forked child SQLite must not touch one that belongs to the parent.
    void disown() noexcept;

    /// The Error of the call that answered `code`.
    [[nodiscard]] Error failure(int code) const;

private:
    explicit SqliteConnection(std::string path) : path_(std::move(path)) {}
    [[nodiscard]] Result<SqliteQuery> prepare(const char* sql);
    [[nodiscard]] static Result<void> pass_over_rows(Result<SqliteQuery> query);

    sqlite3* handle_ = nullptr;
    std::string path_;
    /// Known to SQLite by its address.
    std::unique_ptr<int> next_look_at_log_ = std::make_unique<int>(0);
    std::unordered_map<std::string_view, sqlite3_stmt*> statements_;
};

/// A transaction; rolled back where it ends without commit(). A resource; one thread at a time.
class SqliteTransaction {
public:
    explicit SqliteTransaction(SqliteConnection& connection) noexcept : connection_(connection) {}
    SqliteTransaction(const SqliteTransaction&) = delete;
    SqliteTransaction& operator=(const SqliteTransaction&) = delete;
    ~SqliteTransaction();

    /// Takes the write lock; waits for other writers.
    [[nodiscard]] Result<void> begin();
    /// All reads until the end see the file as it is at the first one.
    [[nodiscard]] Result<void> begin_reading();
    /// Durable when it returns success; on failure nothing was changed.
    [[nodiscard]] Result<void> commit();

private:
    SqliteConnection& connection_;
};

}  // namespace filestore
