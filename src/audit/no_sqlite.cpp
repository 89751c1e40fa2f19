/// No catalogue can be opened, so that nobody gets a connection and what it is for.

#include "audit/sqlite.h"
#include "core/left_out.h"

namespace filestore {

namespace {

Error no_sqlite() {
    return left_out_error("SQLite", "FILESTORE_WITH_SQLITE");
}

}  // namespace

bool can_keep_catalogues() noexcept {
    return false;
}

Error sqlite_error(int, int, std::string_view, const std::string&) {
    return no_sqlite();
}

SqliteQuery::SqliteQuery(SqliteConnection& connection, sqlite3_stmt* statement) noexcept
    : connection_(&connection), statement_(statement) {}
SqliteQuery::SqliteQuery(SqliteQuery&&) noexcept = default;
SqliteQuery::~SqliteQuery() = default;
void SqliteQuery::bind(std::string_view) {}
void SqliteQuery::bind(std::int64_t) {}
void SqliteQuery::bind(const NullableText&) {}

Result<bool> SqliteQuery::next() {
    return connection_->failure(0);
}

std::string SqliteQuery::text(int) const {
    return {};
}

std::int64_t SqliteQuery::number(int) const {
    return 0;
}

bool SqliteQuery::is_null(int) const {
    return true;
}

NullableText SqliteQuery::nullable(int) const {
    return {};
}

Result<SqliteConnection> SqliteConnection::open(const std::string&) {
    return no_sqlite();
}

SqliteConnection::SqliteConnection(SqliteConnection&&) noexcept = default;
SqliteConnection::~SqliteConnection() = default;

Result<void> SqliteConnection::execute_script(const char*) {
    return no_sqlite();
}

void SqliteConnection::roll_back() noexcept {}

Result<void> SqliteConnection::end_what_is_left() {
    return no_sqlite();
}

std::int64_t SqliteConnection::changed_rows() const noexcept {
    return 0;
}

std::int64_t SqliteConnection::last_inserted() const noexcept {
    return 0;
}

bool SqliteConnection::read_only() const noexcept {
    return true;
}

bool SqliteConnection::in_transaction() const noexcept {
    return false;
}

bool SqliteConnection::has_moved() const noexcept {
    return false;
}

void SqliteConnection::use_long_log() noexcept {}
void SqliteConnection::disown() noexcept {}

Error SqliteConnection::failure(int) const {
    return no_sqlite();
}

Result<void> SqliteConnection::pass_over_rows(Result<SqliteQuery>) {
    return no_sqlite();
}

Result<SqliteQuery> SqliteConnection::prepare(const char*) {
    return no_sqlite();
}

SqliteTransaction::~SqliteTransaction() = default;

Result<void> SqliteTransaction::begin() {
    return no_sqlite();
}

Result<void> SqliteTransaction::begin_reading() {
    return no_sqlite();
}

Result<void> SqliteTransaction::commit() {
    return no_sqlite();
}

}  // namespace filestore
