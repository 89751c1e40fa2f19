#include "audit/salvage_rows.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "audit/around_damage.h"
#include "audit/catalogue.h"
#include "audit/catalogue_file.h"
#include "audit/catalogue_row.h"
#include "audit/intent_row.h"
#include "audit/mark_checksum.h"
#include "audit/outbox.h"
#include "audit/row_checksum.h"
#include "audit/sent_copies.h"
#include "core/try.h"

namespace filestore {
namespace {

/// What holds rows, and from which version of a catalogue on. Where all columns are asked for, an older version lacks the last one, a checksum.
struct Table {
    const char* name;
    std::int64_t since;
    /// A key, the file's ID, and the columns.
    SalvageRead rows;
    /// An index, which has pages of its own: a key, the file's ID, and the number of the row where it has one.
    SalvageRead ids;
    /// Whether the new catalogue has the row of an ID and a number.
    const char* has_row;
};

#define FILESTORE_BY_NUMBER(select)                                                                   \
    {                                                                                                 \
        select " NOT INDEXED WHERE rowid BETWEEN ? AND ? ORDER BY rowid",                             \
            select " NOT INDEXED WHERE rowid BETWEEN ? AND ? ORDER BY rowid DESC", SalvageKey::number \
    }
#define FILESTORE_BY_ID(select)                                                                     \
    {                                                                                               \
        select " WHERE file_id >= ? AND file_id < ? ORDER BY file_id",                              \
            select " WHERE file_id >= ? AND file_id < ? ORDER BY file_id DESC", SalvageKey::file_id \
    }

constexpr Table files_table{
    "file_uploads", 1, FILESTORE_BY_NUMBER("SELECT rowid, file_id, * FROM file_uploads"),
    FILESTORE_BY_ID(
        "SELECT file_id, file_id, rowid FROM file_uploads INDEXED BY sqlite_autoindex_file_uploads_1"),
    "SELECT 1 FROM file_uploads WHERE file_id = ?1 AND ?2 = ?2"};
constexpr Table intents_table{
    "intents", 1, FILESTORE_BY_NUMBER("SELECT rowid, file_id, * FROM intents"),
    FILESTORE_BY_ID("SELECT file_id, file_id, rowid FROM intents INDEXED BY intents_by_file"),
    "SELECT 1 FROM intents WHERE file_id = ?1 AND number = ?2"};
constexpr Table outbox_table{
    "outbox", 3,
    FILESTORE_BY_NUMBER("SELECT rowid, file_id, version, since, never_told, checksum FROM outbox"),
    FILESTORE_BY_ID("SELECT file_id, file_id, rowid FROM outbox INDEXED BY sqlite_autoindex_outbox_1"),
    "SELECT 1 FROM outbox WHERE file_id = ?1 AND ?2 = ?2"};
constexpr Table parked_table{
    "parked", 3, FILESTORE_BY_NUMBER("SELECT rowid, file_id, parked_at, reason FROM parked"),
    FILESTORE_BY_ID("SELECT file_id, file_id, rowid FROM parked INDEXED BY sqlite_autoindex_parked_1"),
    "SELECT 1 FROM parked WHERE file_id = ?1 AND ?2 = ?2"};
constexpr Table marks_table{
    "soft_deleted",
    5,
    FILESTORE_BY_ID("SELECT file_id, * FROM soft_deleted"),
    {"SELECT until, file_id FROM soft_deleted INDEXED BY soft_deleted_by_end ORDER BY until, file_id",
     "SELECT until, file_id FROM soft_deleted INDEXED BY soft_deleted_by_end ORDER BY until DESC, file_id "
     "DESC",
     SalvageKey::other},
    "SELECT 1 FROM soft_deleted WHERE file_id = ?1 AND ?2 = ?2"};

constexpr Table copies_table{
    "provider_copies", 8,
    FILESTORE_BY_NUMBER(
        "SELECT rowid, file_id, file_id, profile, base_url, key_variable, purpose, file_version, "
        "sent_name, provider_id, begun_at, sent_at, expires_at, doubtful, missed_since, "
        "checksum, removing_since, reason FROM provider_copies"),
    FILESTORE_BY_ID("SELECT file_id, file_id, rowid FROM provider_copies INDEXED BY copies_by_file"),
    "SELECT 1 FROM provider_copies WHERE file_id = ?1 AND number = ?2"};

/// Where some are missing, the seals of the outbox do not match.
constexpr SalvageRead undone_rows = FILESTORE_BY_ID("SELECT file_id, deleted_at FROM undone");

constexpr std::int64_t most_names = 1000;
constexpr SalvageRead total_rows{
    "SELECT rowid, name, count FROM totals NOT INDEXED WHERE rowid BETWEEN ? AND ?",
    "SELECT rowid, name, count FROM totals NOT INDEXED WHERE rowid BETWEEN ? AND ? "
    "ORDER BY rowid DESC",
    SalvageKey::number, most_names};
constexpr SalvageRead name_rows{"SELECT rowid, name, at FROM marks NOT INDEXED WHERE rowid BETWEEN ? AND ?",
                                "SELECT rowid, name, at FROM marks NOT INDEXED WHERE rowid BETWEEN ? AND ? "
                                "ORDER BY rowid DESC",
                                SalvageKey::number, most_names};

constexpr const char* note_unreadable =
    "INSERT OR IGNORE INTO temp.unreadable (of_table, file_id) VALUES (?, ?)";

constexpr const char* add_file =
    "INSERT OR IGNORE INTO file_uploads (file_id, file_path, metadata, uploaded_at, deleted_at, checksum) "
    "VALUES (?, ?, ?, ?, ?, ?)";
constexpr const char* add_intent =
    "INSERT OR IGNORE INTO intents (number, session, file_id, operation, file_path, metadata, begun_at, "
    "checksum) "
    "VALUES (?, ?, ?, ?, ?, ?, ?, ?)";
constexpr const char* add_name = "INSERT OR IGNORE INTO marks (name, at) VALUES (?, ?)";
constexpr const char* add_salvaged_entry =
    "INSERT OR IGNORE INTO outbox (number, file_id, version, since, never_told, checksum) VALUES (?, ?, ?, "
    "?, ?, ?)";
constexpr const char* add_parked =
    "INSERT OR IGNORE INTO parked (file_id, parked_at, reason) VALUES (?, ?, ?)";
constexpr const char* park_unreadable = R"sql(
INSERT OR IGNORE INTO parked (file_id, parked_at, reason)
SELECT DISTINCT file_id, ?, 'what was noted of this file in the catalogue was damaged; look at its row, and tell it as it is by a retry'
FROM temp.unreadable WHERE of_table IN ('outbox', 'parked')
)sql";
constexpr const char* add_salvaged_copy =
    "INSERT OR IGNORE INTO provider_copies (number, file_id, profile, base_url, key_variable, purpose, "
    "file_version, sent_name, provider_id, begun_at, sent_at, expires_at, doubtful, missed_since, "
    "checksum, removing_since, reason, session) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, "
    "0)";
/// The file is deleted: a mark of one that is stored would have its bytes freed.
constexpr const char* add_mark =
    "INSERT OR IGNORE INTO soft_deleted (file_id, until, size, checksum) "
    "SELECT ?1, ?2, ?3, ?4 WHERE EXISTS (SELECT 1 FROM file_uploads WHERE file_id = ?1 AND deleted_at IS NOT "
    "NULL)";
constexpr const char* add_deleted_file =
    "INSERT OR IGNORE INTO file_uploads (file_id, file_path, deleted_at) VALUES (?, '', ?)";
constexpr const char* next_unreadable_mark =
    "SELECT file_id FROM temp.unreadable WHERE of_table = 'soft_deleted' AND file_id > ? ORDER BY file_id "
    "LIMIT 1";

/// No checksum is like that.
constexpr std::int64_t checksum_of_none = -2;
constexpr std::int64_t most_checksum = 0xFFFFFFFF;

bool is_time(const std::string& text) {
    return parse_timestamp(text).ok();
}

/// From `until`, `size` and perhaps `checksum`, behind the file's ID.
bool is_whole_mark(const SqliteQuery& row) {
    const std::int64_t checksum = row.is_null(4) ? unsealed_mark : row.number(4);
    return is_time(row.text(2)) && (checksum == unsealed_mark ||
                                    checksum == checksum_of_mark(row.text(1), row.text(2), row.number(3)));
}

bool is_whole_entry(const SqliteQuery& row) {
    const std::int64_t checksum = row.number(5);
    return row.number(2) >= 1 && is_time(row.text(3)) && (row.text(4) == "0" || row.text(4) == "1") &&
           !row.is_null(5) && checksum >= -1 && checksum <= most_checksum;
}

class RowSalvage {
public:
    RowSalvage(SqliteConnection& damaged, SqliteConnection& fresh, const SalvageRequest& request,
               Timestamp now, SalvageReport& report) noexcept
        : damaged_(damaged), fresh_(fresh), request_(request), now_(now), report_(report) {}

    Result<void> run() {
        FILESTORE_TRY(fresh_.execute_script(
            "CREATE TEMP TABLE unreadable (of_table TEXT, file_id TEXT, PRIMARY KEY (of_table, file_id)) "
            "WITHOUT ROWID"));
        SqliteTransaction transaction(fresh_);
        FILESTORE_TRY(transaction.begin());
        // Before the mark of an audit server: what is written until then is no news for it.
        FILESTORE_TRY(take_files());
        FILESTORE_TRY(take_outbox());
        FILESTORE_TRY(take_parked());
        FILESTORE_TRY(take_names());
        FILESTORE_TRY(take_marks());
        FILESTORE_TRY(take_intents());
        FILESTORE_TRY(take_copies());
        FILESTORE_TRY(tell());
        return transaction.commit();
    }

private:
    Result<void> take_files() {
        return take(files_table, report_.files,
                    [&](const FileId& id, const SqliteQuery& row) -> Result<bool> {
                        if (!read_catalogue_row(id, row, 3) || !is_as_sealed(id.text(), row, 3, 7)) {
                            return false;
                        }
                        FILESTORE_TRY(fresh_.run(add_file, id.text(), row.nullable(3), row.nullable(4),
                                                 row.nullable(5), row.nullable(6), row.nullable(7)));
                        return true;
                    });
    }

    Result<void> take_outbox() {
        const auto take_undone = [&](const SqliteQuery& row) {
            return fresh_.run("INSERT OR IGNORE INTO undone (file_id, deleted_at) VALUES (?, ?)", row.text(0),
                              row.text(1));
        };
        FILESTORE_TRY_ASSIGN(const bool has_undone, has_table("undone"));
        if (has_undone) {
            // Which deletions the server is not told to take back then, nobody can say.
            FILESTORE_TRY_ASSIGN(const bool is_whole, read(undone_rows, take_undone));
            report_.outbox.has_gap = !is_whole;
        }
        return take(outbox_table, report_.outbox,
                    [&](const FileId& id, const SqliteQuery& row) -> Result<bool> {
                        FILESTORE_TRY_ASSIGN(const bool has_row,
                                             is_there("SELECT 1 FROM file_uploads WHERE file_id = ?", id));
                        if (!has_row || !is_whole_entry(row)) {
                            return false;
                        }
                        FILESTORE_TRY(fresh_.run(add_salvaged_entry, row.number(0), id.text(), row.number(2),
                                                 row.text(3), row.number(4), row.number(5)));
                        return true;
                    });
    }

    Result<void> take_parked() {
        const auto take_file = [&](const FileId& id, const SqliteQuery& row) -> Result<bool> {
            if (!is_time(row.text(2))) {
                return false;
            }
            FILESTORE_TRY(fresh_.run(add_parked, id.text(), row.text(2), row.text(3)));
            return true;
        };
        FILESTORE_TRY(take(parked_table, report_.parked, take_file));
        return fresh_.run(park_unreadable, format_timestamp(now_));
    }

    /// That the catalogue covers its store is for the next run over both to say.
    Result<void> take_names() {
        const auto take_total = [&](const SqliteQuery& row) -> Result<void> {
            const bool counts = row.text(1) == "delivered" && row.number(2) > 0;
            return counts ? fresh_.run("INSERT OR IGNORE INTO totals (name, count) VALUES (?, ?)",
                                       row.text(1), row.number(2))
                          : Result<void>();
        };
        const auto take_name = [&](const SqliteQuery& row) -> Result<void> {
            const bool counts = row.text(1) == "audit_server" || row.text(1) == "cleaned";
            return counts && is_time(row.text(2)) ? fresh_.run(add_name, row.text(1), row.text(2))
                                                  : Result<void>();
        };
        FILESTORE_TRY_ASSIGN(const bool has_totals, has_table("totals"));
        FILESTORE_TRY_ASSIGN(const bool has_names, has_table("marks"));
        if (has_totals) {
            FILESTORE_TRY(read(total_rows, take_total));
        }
        const bool has_server = report_.outbox.salvaged > 0 || report_.parked.salvaged > 0;
        FILESTORE_TRY_ASSIGN(const bool is_whole,
                             has_names ? read(name_rows, take_name) : Result<bool>(true));
        return is_whole || !has_server
                   ? Result<void>()
                   : fresh_.run(add_name, std::string_view("audit_server"), format_timestamp(now_));
    }

    Result<void> take_marks() {
        const auto take_mark = [&](const FileId& id, const SqliteQuery& row) -> Result<bool> {
            return is_whole_mark(row) ? mark(id, row.text(2), row.number(3),
                                             checksum_of_mark(id.text(), row.text(2), row.number(3)))
                                      : Result<bool>(false);
        };
        FILESTORE_TRY(take(marks_table, report_.soft_deleted, take_mark));
        return keep_unreadable_marks();
    }

    /// Damaged ones keep the bytes.
    Result<void> keep_unreadable_marks() {
        std::string last;
        for (;;) {
            {
                FILESTORE_TRY_ASSIGN(SqliteQuery row, fresh_.query(next_unreadable_mark, last));
                FILESTORE_TRY_ASSIGN(const bool found, row.next());
                if (!found) {
                    return {};
                }
                last = row.text(0);
            }
            FILESTORE_TRY_ASSIGN(const FileId id, FileId::parse(last));
            FILESTORE_TRY(mark(id, format_timestamp(now_), 0, checksum_of_none));
        }
    }

    /// False where the file is stored.
    Result<bool> mark(const FileId& id, const std::string& until, std::int64_t size, std::int64_t checksum) {
        FILESTORE_TRY(fresh_.run(add_deleted_file, id.text(), format_timestamp(now_)));
        if (fresh_.changed_rows() > 0) {
            FILESTORE_TRY(Outbox(fresh_).seal(id.text(), false));
        }
        FILESTORE_TRY(fresh_.run(add_mark, id.text(), until, size, checksum));
        return is_there("SELECT 1 FROM soft_deleted WHERE file_id = ?", id);
    }

    /// Nobody is at work on them any more.
    Result<void> take_intents() {
        return take(
            intents_table, report_.intents, [&](const FileId& id, const SqliteQuery& row) -> Result<bool> {
                if (!read_intent(row, 2)) {
                    return false;
                }
                FILESTORE_TRY(fresh_.run(add_intent, row.number(0), Catalogue::left_session, id.text(),
                                         row.text(5), row.text(6), row.text(7), row.text(8),
                                         row.is_null(9) ? unsealed_intent : row.number(9)));
                return true;
            });
    }

    /// Nobody is sending any of them any more. What is to be removed stays so.
    Result<void> take_copies() {
        constexpr int first = 2;
        constexpr int checksum = 15;
        return take(
            copies_table, report_.provider_copies,
            [&](const FileId& id, const SqliteQuery& row) -> Result<bool> {
                if (row.number(checksum) != checksum_of_copy(row, first)) {
                    return false;
                }
                FILESTORE_TRY(fresh_.run(add_salvaged_copy, row.number(0), id.text(), row.nullable(3),
                                         row.nullable(4), row.nullable(5), row.nullable(6), row.nullable(7),
                                         row.nullable(8), row.nullable(9), row.nullable(10), row.nullable(11),
                                         row.nullable(12), row.nullable(13), row.nullable(14),
                                         row.number(checksum), row.nullable(16), row.nullable(17)));
                return true;
            });
    }

    /// `take_whole` takes a row, or answers false where it is not whole.
    template <class TakeWhole>
    Result<void> take(const Table& table, SalvagedRows& part, TakeWhole take_whole) {
        FILESTORE_TRY_ASSIGN(const bool is_there, has_table(table.name));
        if (!is_there) {
            FILESTORE_TRY_ASSIGN(const std::int64_t version, version_of_damaged());
            part.has_gap = part.has_gap || version >= table.since;
            return {};
        }
        bool all_have_names = true;
        const auto take_row = [&](const SqliteQuery& row) -> Result<void> {
            const auto id = FileId::parse(row.text(1));
            if (!id.ok()) {
                all_have_names = false;
                return {};
            }
            FILESTORE_TRY_ASSIGN(const bool is_whole, take_whole(*id, row));
            part.salvaged += is_whole && fresh_.changed_rows() > 0 ? 1U : 0U;
            return is_whole ? Result<void>() : lose(table, *id);
        };
        SalvageRead rows = table.rows;
        FILESTORE_TRY_ASSIGN(rows.bound, last_number(table));
        FILESTORE_TRY_ASSIGN(const bool is_whole, read(rows, take_row));
        FILESTORE_TRY_ASSIGN(const bool all_are_known, find_unreadable(table));
        report_.was_damaged = report_.was_damaged || !all_have_names;
        part.has_gap = part.has_gap || (!(is_whole && all_have_names) && !all_are_known);
        return {};
    }

    Result<bool> find_unreadable(const Table& table) {
        return read(table.ids, [&](const SqliteQuery& row) -> Result<void> {
            const auto id = FileId::parse(row.text(1));
            if (!id.ok()) {
                return {};
            }
            FILESTORE_TRY_ASSIGN(const bool has_row, is_there(table.has_row, *id, row.number(2)));
            return has_row ? Result<void>() : lose(table, *id);
        });
    }

    Result<void> lose(const Table& table, const FileId& id) {
        return fresh_.run(note_unreadable, std::string_view(table.name), id.text());
    }

    Result<void> tell() {
        FILESTORE_TRY_ASSIGN(
            SqliteQuery row,
            fresh_.query("SELECT of_table, file_id FROM temp.unreadable ORDER BY of_table, file_id"));
        for (;;) {
            FILESTORE_TRY_ASSIGN(const bool found, row.next());
            if (!found) {
                return {};
            }
            report_.was_damaged = true;
            ++part_of(row.text(0)).unreadable;
            FILESTORE_TRY(request_.on_unreadable ? request_.on_unreadable({row.text(0), row.text(1)})
                                                 : Result<void>());
        }
    }

    SalvagedRows& part_of(std::string_view table) noexcept {
        return table == files_table.name     ? report_.files
               : table == intents_table.name ? report_.intents
               : table == outbox_table.name  ? report_.outbox
               : table == parked_table.name  ? report_.parked
               : table == copies_table.name  ? report_.provider_copies
                                             : report_.soft_deleted;
    }

    /// Answers whether everything could be read.
    template <class Take>
    Result<bool> read(const SalvageRead& what, const Take& take) {
        FILESTORE_TRY_ASSIGN(const bool is_whole, ReadAroundDamage(damaged_, what, take).run());
        report_.was_damaged = report_.was_damaged || !is_whole;
        return is_whole;
    }

    /// A number that those of a table's rows are not much above.
    Result<std::int64_t> last_number(const Table& table) {
        std::int64_t last = 0;
        const auto look = [&](const SqliteQuery& row) -> Result<void> {
            last = std::max(last, row.number(2));
            return {};
        };
        FILESTORE_TRY(read(table.ids, look));
        FILESTORE_TRY_ASSIGN(const std::int64_t given,
                             number_in_damaged("SELECT seq FROM sqlite_sequence WHERE name = ?",
                                               std::string_view(table.name)));
        constexpr std::int64_t some_more = 1 << 20;
        return std::max({last, given, std::int64_t{0}}) + some_more;
    }

    Result<std::int64_t> version_of_damaged() {
        FILESTORE_TRY_ASSIGN(const std::int64_t version, number_in_damaged("PRAGMA user_version"));
        return version >= 1 && version <= catalogue_version ? version : catalogue_version;
    }

    Result<bool> has_table(const char* name) {
        FILESTORE_TRY_ASSIGN(
            const std::int64_t tables,
            number_in_damaged("SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name = ?",
                              std::string_view(name)));
        return tables > 0;
    }

    /// 0 where it cannot be read.
    template <class... Parameters>
    Result<std::int64_t> number_in_damaged(const char* sql, const Parameters&... parameters) {
        auto row = damaged_.query(sql, parameters...);
        if (!row.ok()) {
            return row.error().code() == ErrorCode::corrupt ? Result<std::int64_t>(0) : row.error();
        }
        const auto found = row->next();
        if (!found.ok()) {
            return found.error().code() == ErrorCode::corrupt ? Result<std::int64_t>(0) : found.error();
        }
        return *found ? row->number(0) : 0;
    }

    template <class... Parameters>
    Result<bool> is_there(const char* sql, const FileId& id, const Parameters&... parameters) {
        FILESTORE_TRY_ASSIGN(SqliteQuery row, fresh_.query(sql, id.text(), parameters...));
        return row.next();
    }

    SqliteConnection& damaged_;
    SqliteConnection& fresh_;
    const SalvageRequest& request_;
    const Timestamp now_;
    SalvageReport& report_;
};

}  // namespace

Result<void> salvage_rows(SqliteConnection& damaged, SqliteConnection& fresh, const SalvageRequest& request,
                          Timestamp now, SalvageReport& report) {
    return RowSalvage(damaged, fresh, request, now, report).run();
}

}  // namespace filestore
