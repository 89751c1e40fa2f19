#include "audit/soft_deletions.h"

#include <utility>

#include "audit/busy.h"
#include "audit/cleanup_pages.h"
#include "audit/mark_checksum.h"
#include "core/text.h"
#include "core/try.h"

namespace filestore {
namespace {

constexpr const char* may_mark =
    "SELECT NOT " FILESTORE_BUSY("?3") " AND NOT EXISTS (SELECT 1 FROM file_uploads "
    "WHERE file_id = ?3 AND (uploaded_at >= ?4 OR deleted_at >= ?5))";

constexpr const char* record_deletion = R"sql(
INSERT INTO file_uploads (file_id, file_path, metadata, uploaded_at, deleted_at) VALUES (?1, ?2, ?3, ?5, ?4)
ON CONFLICT (file_id) DO UPDATE SET deleted_at = excluded.deleted_at WHERE file_uploads.deleted_at IS NULL
)sql";

constexpr const char* state_of_mark =
    "SELECT until, " FILESTORE_BUSY("?3") ", size, checksum FROM soft_deleted WHERE file_id = ?3";

// The trigger that notes the change takes the mark away, too.
constexpr const char* record_as_stored =
    "UPDATE file_uploads SET deleted_at = NULL, uploaded_at = coalesce(uploaded_at, ?2) WHERE file_id = ?1";

constexpr const char* may_give_back =
    "SELECT EXISTS (SELECT 1 FROM soft_deleted WHERE file_id = ?3 AND until <= ?4) AND "
    "NOT " FILESTORE_BUSY("?3") " AND NOT EXISTS (SELECT 1 FROM outbox WHERE file_id = ?3)";

constexpr const char* record_return = R"sql(
INSERT INTO file_uploads (file_id, file_path, metadata, uploaded_at, deleted_at) VALUES (?1, ?2, ?3, ?4, NULL)
ON CONFLICT (file_id) DO UPDATE
SET deleted_at = NULL, uploaded_at = coalesce(file_uploads.uploaded_at, excluded.uploaded_at)
)sql";

constexpr const char* page_of_deleted = R"sql(
SELECT soft_deleted.file_id, ifnull(file_path, ''), size, deleted_at, until, soft_deleted.checksum
FROM soft_deleted LEFT JOIN file_uploads ON file_uploads.file_id = soft_deleted.file_id
WHERE soft_deleted.file_id > ? AND until > ? ORDER BY soft_deleted.file_id LIMIT ?
)sql";

bool is_as_marked(std::string_view file_id, std::string_view until, std::int64_t size,
                  std::int64_t checksum) {
    return checksum == unsealed_mark || checksum == checksum_of_mark(file_id, until, size);
}

}  // namespace

Result<Marking> SoftDeletions::mark(const SoftDeletion& file, const MarkTerms& terms) {
    FILESTORE_TRY_ASSIGN(const bool is_marked, has(file.id));
    if (is_marked) {
        return Marking::is_marked;
    }
    FILESTORE_TRY_ASSIGN(const bool may_mark_it, may_be_marked(file.id, terms));
    if (!may_mark_it) {
        return Marking::passed_over;
    }
    const bool is_known = file.stored_at && *file.stored_at <= terms.at;
    FILESTORE_TRY(connection_.run(
        record_deletion, file.id.text(), file.file_path, file.metadata.to_json(), format_timestamp(terms.at),
        NullableText{is_known ? std::optional(format_timestamp(*file.stored_at)) : std::nullopt}));
    if (connection_.changed_rows() > 0) {
        FILESTORE_TRY(outbox_.seal(file.id.text(), false));
    }
    const std::string until = format_timestamp(terms.until);
    const auto size = static_cast<std::int64_t>(file.size);
    FILESTORE_TRY(
        connection_.run("INSERT INTO soft_deleted (file_id, until, size, checksum) VALUES (?, ?, ?, ?)",
                        file.id.text(), until, size, checksum_of_mark(file.id.text(), until, size)));
    return Marking::marked;
}

Result<bool> SoftDeletions::may_be_marked(const FileId& id, const MarkTerms& terms) {
    FILESTORE_TRY_ASSIGN(SqliteQuery row, connection_.query(may_mark, session_, last_inherited_, id.text(),
                                                            format_timestamp(terms.uploaded_before),
                                                            format_timestamp(terms.unchanged_since)));
    FILESTORE_TRY(row.next());
    return row.number(0) != 0;
}

Result<Undeletion> SoftDeletions::can_undelete(const FileId& id, Timestamp now) {
    bool is_busy = false;
    bool is_damaged = false;
    std::optional<Timestamp> until;
    {
        FILESTORE_TRY_ASSIGN(SqliteQuery row,
                             connection_.query(state_of_mark, session_, last_inherited_, id.text()));
        FILESTORE_TRY_ASSIGN(const bool found, row.next());
        is_damaged = found && (!read_time(row, 0, until) ||
                               !is_as_marked(id.text(), row.text(0), row.number(2), row.number(3)));
        is_busy = found && row.number(1) != 0;
    }
    if (!until && !is_damaged) {
        FILESTORE_TRY_ASSIGN(const bool stored, is_stored(id));
        return stored ? Undeletion::is_stored : Undeletion::is_gone;
    }
    // Of a damaged mark nobody can tell that the grace is over.
    if (!is_damaged && *until <= now) {
        return Undeletion::is_gone;
    }
    return is_busy ? Undeletion::is_busy : Undeletion::done;
}

Result<Undeletion> SoftDeletions::undelete(const FileId& id, Timestamp now, Timestamp stored_at) {
    FILESTORE_TRY_ASSIGN(const Undeletion can, can_undelete(id, now));
    if (can != Undeletion::done) {
        return can;
    }
    FILESTORE_TRY(outbox_.note_undone(id.text()));
    FILESTORE_TRY(connection_.run(record_as_stored, id.text(), format_timestamp(stored_at)));
    if (connection_.changed_rows() == 0) {
        return damaged(id.text());
    }
    FILESTORE_TRY(outbox_.note_happened(id.text(), now));
    FILESTORE_TRY(outbox_.seal(id.text(), false));
    return Undeletion::done;
}

Result<bool> SoftDeletions::give_back(const CatalogueRow& row, Timestamp now, Timestamp due) {
    {
        FILESTORE_TRY_ASSIGN(SqliteQuery may, connection_.query(may_give_back, session_, last_inherited_,
                                                                row.id.text(), format_timestamp(due)));
        FILESTORE_TRY(may.next());
        if (may.number(0) == 0) {
            return false;
        }
    }
    FILESTORE_TRY(connection_.run(record_return, row.id.text(), row.file_path, row.metadata.to_json(),
                                  format_timestamp(row.uploaded_at.value_or(now))));
    FILESTORE_TRY(connection_.run("DELETE FROM soft_deleted WHERE file_id = ?", row.id.text()));
    FILESTORE_TRY(outbox_.note_happened(row.id.text(), now));
    FILESTORE_TRY(outbox_.seal(row.id.text(), false));
    return true;
}

Result<bool> SoftDeletions::has(const FileId& id) {
    FILESTORE_TRY_ASSIGN(SqliteQuery row,
                         connection_.query("SELECT 1 FROM soft_deleted WHERE file_id = ?", id.text()));
    return row.next();
}

Result<bool> SoftDeletions::is_stored(const FileId& id) {
    FILESTORE_TRY_ASSIGN(
        SqliteQuery row,
        connection_.query("SELECT 1 FROM file_uploads WHERE file_id = ? AND deleted_at IS NULL", id.text()));
    return row.next();
}

Result<std::vector<FileId>> SoftDeletions::between(const FileId& first, const FileId& last) {
    FILESTORE_TRY_ASSIGN(
        SqliteQuery row,
        connection_.query("SELECT file_id FROM soft_deleted WHERE file_id >= ? AND file_id <= ?",
                          first.text(), last.text()));
    std::vector<FileId> ids;
    for (;;) {
        FILESTORE_TRY_ASSIGN(const bool found, row.next());
        if (!found) {
            return ids;
        }
        const auto id = FileId::parse(row.text(0));
        if (!id.ok()) {
            return damaged(row.text(0));
        }
        ids.push_back(*id);
    }
}

Result<std::vector<DeletedFile>> SoftDeletions::page(const FileId& after, Timestamp now, std::size_t most) {
    FILESTORE_TRY_ASSIGN(SqliteQuery row,
                         connection_.query(page_of_deleted, after.text(), format_timestamp(now),
                                           static_cast<std::int64_t>(most)));
    std::vector<DeletedFile> files;
    for (;;) {
        FILESTORE_TRY_ASSIGN(const bool found, row.next());
        if (!found) {
            return files;
        }
        const auto id = FileId::parse(row.text(0));
        std::optional<Timestamp> deleted_at;
        std::optional<Timestamp> until;
        if (!id.ok() || !read_time(row, 3, deleted_at)) {
            return damaged(row.text(0));
        }
        if (!read_time(row, 4, until) || !until ||
            !is_as_marked(row.text(0), row.text(4), row.number(2), row.number(5))) {
            return damaged_mark_error(connection_.path(), row.text(0));
        }
        files.push_back({*id, row.text(1), static_cast<std::uint64_t>(row.number(2)),
                         deleted_at.value_or(Timestamp()), *until});
    }
}

Result<std::vector<DueFile>> SoftDeletions::due(Timestamp at, const DueFile& after, std::size_t most) {
    FILESTORE_TRY_ASSIGN(
        SqliteQuery row,
        connection_.query(page_of_due, session_, last_inherited_, format_timestamp(at),
                          format_timestamp(after.until), after.id.text(), static_cast<std::int64_t>(most)));
    std::vector<DueFile> files;
    for (;;) {
        FILESTORE_TRY_ASSIGN(const bool found, row.next());
        if (!found) {
            return files;
        }
        const auto id = FileId::parse(row.text(0));
        const auto until = parse_timestamp(row.text(1));
        std::optional<Timestamp> uploaded_at;
        if (!id.ok() || !until.ok() || !read_time(row, 4, uploaded_at)) {
            return damaged(row.text(0));
        }
        files.push_back({*id, *until, static_cast<std::uint64_t>(row.number(2)), row.text(3),
                         uploaded_at.value_or(Timestamp()),
                         !is_as_marked(row.text(0), row.text(1), row.number(2), row.number(5))});
    }
}

Error SoftDeletions::damaged(std::string_view file_id) const {
    return {ErrorCode::corrupt, "catalogue " + quoted(connection_.path()) +
                                    ": what it notes of the deleted file " + quoted(file_id) +
                                    " is damaged; repair that row of the catalogue, or " + advice_for_damage};
}

Error damaged_mark_error(const std::string& catalogue, std::string_view file_id) {
    return {ErrorCode::corrupt,
            "catalogue " + quoted(catalogue) + ": what it notes of the deleted file " + quoted(file_id) +
                " is damaged, so that its bytes are kept; undelete gives the file back, and it "
                "can be deleted again then"};
}

}  // namespace filestore
