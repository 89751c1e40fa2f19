#include "audit/outbox.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "audit/row_checksum.h"
#include "core/checksum/crc.h"
#include "core/text.h"
#include "core/try.h"

namespace filestore {
namespace {

constexpr std::string_view delivered_total = "delivered";

/// What an entry without a seal has in place of a checksum.
constexpr std::int64_t no_checksum = -1;

/// The bits of the checksum that an entry has the other way round as long as it was never told, so that it is not taken for one by a changed byte.
constexpr std::int64_t never_told_mask = 0x5A5AA5A5;

// SQLite has no exclusive or.
#define FILESTORE_MASKED(checksum, mask) "((" checksum " | " mask ") - (" checksum " & " mask "))"

constexpr const char* seal_entry =
    "UPDATE outbox SET never_told = max(never_told, ?3 AND version = 1), "
    "checksum = CASE WHEN never_told OR (?3 AND version = 1) THEN " FILESTORE_MASKED("?2", "?4") " ELSE ?2 END "
    "WHERE file_id = ?1";

// Of the first entry for a file of which nothing was undone.
constexpr const char* seal_first_entry =
    "UPDATE outbox SET never_told = 1, checksum = ?2 WHERE file_id = ?1 AND version = 1 "
    "AND NOT EXISTS (SELECT 1 FROM undone WHERE file_id = ?1) "
    "AND EXISTS (SELECT 1 FROM file_uploads WHERE file_id = ?1 AND checksum = ?3)";

// What has no seal stays without.
constexpr const char* note_told =
    "UPDATE outbox SET never_told = 0, checksum = CASE WHEN checksum < 0 THEN checksum "
    "ELSE " FILESTORE_MASKED("checksum", "?3") " END WHERE never_told = 1 AND number > ?1 AND number <= ?2";

constexpr const char* add_entry =
    "INSERT INTO outbox (file_id, since, never_told, checksum) "
    "SELECT ?1, ?2, 0, -1 WHERE EXISTS (SELECT 1 FROM file_uploads WHERE file_id = ?1) "
    "ON CONFLICT (file_id) DO UPDATE SET version = version + 1, checksum = excluded.checksum";

// What the server knows nothing of cannot be taken back there.
constexpr const char* add_undone =
    "INSERT OR IGNORE INTO undone (file_id, deleted_at) "
    "SELECT file_id, deleted_at FROM file_uploads WHERE file_id = ?1 AND deleted_at IS NOT NULL AND "
    "(EXISTS (SELECT 1 FROM outbox WHERE file_id = ?1 AND never_told = 0) OR "
    "(EXISTS (SELECT 1 FROM marks WHERE name = 'audit_server') AND "
    "NOT EXISTS (SELECT 1 FROM outbox WHERE file_id = ?1)))";

#define FILESTORE_UNDONE(file_id)                                                                     \
    "(SELECT group_concat(deleted_at, ' ') FROM (SELECT deleted_at FROM undone WHERE undone.file_id " \
    "= " file_id " ORDER BY deleted_at))"

constexpr const char* row_to_seal =
    "SELECT file_path, metadata, uploaded_at, deleted_at, " FILESTORE_UNDONE("?1") ", "
    "EXISTS (SELECT 1 FROM outbox WHERE outbox.file_id = ?1), checksum FROM file_uploads WHERE file_id = ?1";

constexpr const char* first_entries =
    "SELECT file_path, metadata, uploaded_at, deleted_at, " FILESTORE_UNDONE("outbox.file_id") R"sql(,
       outbox.file_id, number, version, never_told, outbox.checksum, file_uploads.file_id IS NULL,
       file_uploads.checksum
FROM outbox LEFT JOIN file_uploads ON file_uploads.file_id = outbox.file_id
WHERE number > ? ORDER BY number LIMIT ?
)sql";

constexpr const char* add_to_total =
    "INSERT INTO totals (name, count) VALUES (?, ?) "
    "ON CONFLICT (name) DO UPDATE SET count = count + excluded.count";

constexpr const char* park_file =
    "INSERT INTO parked (file_id, parked_at, reason) VALUES (?, ?, ?) "
    "ON CONFLICT (file_id) DO UPDATE SET parked_at = excluded.parked_at, reason = excluded.reason";

std::uint64_t extend(std::uint64_t crc, std::string_view text) {
    return update_crc(CrcAlgorithm::crc32c, crc, std::as_bytes(std::span(text)));
}

/// The column of FILESTORE_UNDONE.
constexpr int undone_column = 4;

/// Of the file's ID and the five columns that the query begins with. Of what was undone only where something was: an older version of the library knows nothing of that, and must not tell such a row.
std::int64_t checksum_of(std::string_view file_id, const SqliteQuery& row) {
    const std::int64_t crc = checksum_of_row(file_id, row, 0);
    if (row.is_null(undone_column)) {
        return crc;
    }
    return static_cast<std::int64_t>(
        extend(extend(static_cast<std::uint64_t>(crc), std::string_view("\0u", 2)), row.text(undone_column)));
}

std::size_t size_of(const SqliteQuery& row) {
    return row.text(0).size() + row.text(1).size();
}

/// False where it is damaged.
bool read_undone(const SqliteQuery& row, std::vector<Timestamp>& undone) {
    const std::string times = row.text(undone_column);
    for (std::string_view rest = times; !rest.empty();) {
        const std::size_t end = std::min(rest.find(' '), rest.size());
        const auto time = parse_timestamp(rest.substr(0, end));
        if (!time.ok()) {
            return false;
        }
        undone.push_back(*time);
        rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    return true;
}

/// Nothing where the row is not there, or is not the one that the entry was made for.
std::optional<OutboxEntry> read_entry(const SqliteQuery& row) {
    const std::string file_id = row.text(5);
    const auto id = FileId::parse(file_id);
    const bool has_row = row.number(10) == 0;
    const std::int64_t checksum = row.number(9);
    const std::int64_t of_told = checksum_of(file_id, row);
    const bool never_told = row.number(8) == 1 && checksum == (of_told ^ never_told_mask);
    const bool is_as_recorded =
        is_as_sealed(file_id, row, 0, 11) && (checksum == no_checksum || checksum == of_told || never_told);
    if (!id.ok() || !has_row || !is_as_recorded) {
        return std::nullopt;
    }
    auto read = read_catalogue_row(*id, row, 0);
    std::vector<Timestamp> undone;
    if (!read || !read_undone(row, undone)) {
        return std::nullopt;
    }
    return OutboxEntry{row.number(6), row.number(7), never_told, std::move(*read), std::move(undone)};
}

}  // namespace

Result<void> Outbox::seal(std::string_view file_id, bool never_told) {
    std::int64_t of_row = 0;
    std::int64_t of_entry = 0;
    bool is_row_sealed = false;
    bool has_entry = false;
    {
        FILESTORE_TRY_ASSIGN(SqliteQuery row, connection_.query(row_to_seal, file_id));
        FILESTORE_TRY_ASSIGN(const bool found, row.next());
        if (!found) {
            return {};
        }
        is_row_sealed = !row.is_null(6);
        has_entry = row.number(5) != 0;
        of_row = is_row_sealed ? 0 : checksum_of_row(file_id, row, 0);
        of_entry = has_entry ? checksum_of(file_id, row) : 0;
    }
    if (!is_row_sealed) {
        FILESTORE_TRY(
            connection_.run("UPDATE file_uploads SET checksum = ? WHERE file_id = ?", of_row, file_id));
    }
    return has_entry
               ? connection_.run(seal_entry, file_id, of_entry, std::int64_t{never_told}, never_told_mask)
               : Result<void>();
}

Result<void> Outbox::seal_upload(std::string_view file_id, std::int64_t checksum_of_row) {
    FILESTORE_TRY(
        connection_.run(seal_first_entry, file_id, checksum_of_row ^ never_told_mask, checksum_of_row));
    return connection_.changed_rows() > 0 ? Result<void>() : seal(file_id, true);
}

Result<void> Outbox::note_undone(std::string_view file_id) {
    return connection_.run(add_undone, file_id);
}

Result<void> Outbox::note_happened(std::string_view file_id, Timestamp now) {
    return connection_.run("UPDATE outbox SET since = ? WHERE file_id = ? AND version = 1",
                           format_timestamp(now), file_id);
}

Result<std::uint64_t> Outbox::drop() {
    FILESTORE_TRY_ASSIGN(
        const auto files,
        number_of("SELECT count(*) FROM (SELECT file_id FROM outbox UNION SELECT file_id FROM parked)"));
    FILESTORE_TRY(connection_.run("DELETE FROM outbox"));
    FILESTORE_TRY(connection_.run("DELETE FROM parked"));
    FILESTORE_TRY(connection_.run("DELETE FROM undone"));
    return static_cast<std::uint64_t>(files);
}

Result<std::vector<OutboxEntry>> Outbox::take(std::int64_t behind, std::size_t most, std::size_t most_bytes,
                                              Timestamp now) {
    for (;;) {
        FILESTORE_TRY_ASSIGN(Page page, read_page(behind, most, most_bytes));
        for (const Damaged& entry : page.damaged) {
            FILESTORE_TRY(park_damaged(entry, now));
        }
        if (!page.entries.empty()) {
            FILESTORE_TRY(connection_.run(note_told, behind, page.entries.back().number, never_told_mask));
        }
        if (!page.entries.empty() || page.damaged.empty()) {
            return std::move(page.entries);
        }
    }
}

Result<Outbox::Page> Outbox::read_page(std::int64_t behind, std::size_t most, std::size_t most_bytes) {
    FILESTORE_TRY_ASSIGN(SqliteQuery row,
                         connection_.query(first_entries, behind, static_cast<std::int64_t>(most)));
    Page page;
    std::size_t bytes = 0;
    for (;;) {
        FILESTORE_TRY_ASSIGN(const bool found, row.next());
        bytes += found ? size_of(row) : 0;
        if (!found || (!page.entries.empty() && bytes > most_bytes)) {
            return page;
        }
        if (auto entry = read_entry(row)) {
            page.entries.push_back(std::move(*entry));
        } else {
            page.damaged.push_back({row.number(6), row.text(5)});
        }
    }
}

Result<void> Outbox::delivered(std::span<const OutboxEntry> entries) {
    for (const OutboxEntry& entry : entries) {
        FILESTORE_TRY(connection_.run("DELETE FROM outbox WHERE number = ? AND version = ?", entry.number,
                                      entry.version));
        if (connection_.changed_rows() > 0 && !entry.undone.empty()) {
            FILESTORE_TRY(connection_.run("DELETE FROM undone WHERE file_id = ?", entry.row.id.text()));
        }
        FILESTORE_TRY(connection_.run("DELETE FROM parked WHERE file_id = ?", entry.row.id.text()));
    }
    if (entries.empty()) {
        return {};
    }
    return connection_.run(add_to_total, delivered_total, static_cast<std::int64_t>(entries.size()));
}

Result<void> Outbox::park(const OutboxEntry& entry, std::string_view reason, Timestamp now) {
    FILESTORE_TRY(
        connection_.run("DELETE FROM outbox WHERE number = ? AND version = ?", entry.number, entry.version));
    if (connection_.changed_rows() == 0) {
        return {};
    }
    return write_parked(entry.row.id.text(), reason, now);
}

Result<void> Outbox::park_damaged(const Damaged& entry, Timestamp now) {
    FILESTORE_TRY(connection_.run("DELETE FROM outbox WHERE number = ?", entry.number));
    return write_parked(entry.file_id,
                        "the row of this file in the catalogue is not as it was recorded; look at it, and "
                        "tell it as it is by a retry",
                        now);
}

Result<void> Outbox::write_parked(std::string_view file_id, std::string_view reason, Timestamp now) {
    return connection_.run(park_file, file_id, format_timestamp(now), reason);
}

Result<std::int64_t> Outbox::number_of(const char* sql) {
    FILESTORE_TRY_ASSIGN(SqliteQuery row, connection_.query(sql));
    FILESTORE_TRY_ASSIGN(const bool found, row.next());
    return found ? row.number(0) : 0;
}

Result<std::int64_t> Outbox::last_number() {
    return number_of("SELECT max(number) FROM outbox");
}

Result<bool> Outbox::has_up_to(std::int64_t number) {
    FILESTORE_TRY_ASSIGN(SqliteQuery row,
                         connection_.query("SELECT 1 FROM outbox WHERE number <= ? LIMIT 1", number));
    return row.next();
}

Result<bool> Outbox::holds(std::uint64_t entries) {
    FILESTORE_TRY_ASSIGN(
        const std::int64_t span,
        number_of("SELECT (SELECT max(number) FROM outbox) - (SELECT min(number) FROM outbox) + 1"));
    if (static_cast<std::uint64_t>(span) < entries) {
        return false;
    }
    FILESTORE_TRY_ASSIGN(SqliteQuery row,
                         connection_.query("SELECT count(*) FROM (SELECT 1 FROM outbox LIMIT ?)",
                                           static_cast<std::int64_t>(entries)));
    FILESTORE_TRY(row.next());
    return static_cast<std::uint64_t>(row.number(0)) >= entries;
}

Result<bool> Outbox::has(std::string_view file_id) {
    FILESTORE_TRY_ASSIGN(SqliteQuery row,
                         connection_.query("SELECT 1 FROM outbox WHERE file_id = ?", file_id));
    return row.next();
}

Result<std::optional<std::string>> Outbox::reason_of(std::string_view file_id) {
    FILESTORE_TRY_ASSIGN(SqliteQuery row,
                         connection_.query("SELECT reason FROM parked WHERE file_id = ?", file_id));
    FILESTORE_TRY_ASSIGN(const bool found, row.next());
    return found ? std::optional(row.text(0)) : std::nullopt;
}

Result<AuditStatus> Outbox::status() {
    AuditStatus status;
    FILESTORE_TRY_ASSIGN(const auto pending, number_of("SELECT count(*) FROM outbox"));
    FILESTORE_TRY_ASSIGN(const auto parked, number_of("SELECT count(*) FROM parked"));
    FILESTORE_TRY_ASSIGN(const auto told, number_of("SELECT count FROM totals WHERE name = 'delivered'"));
    status.pending = static_cast<std::uint64_t>(pending);
    status.parked = static_cast<std::uint64_t>(parked);
    status.delivered = static_cast<std::uint64_t>(told);
    FILESTORE_TRY_ASSIGN(SqliteQuery row,
                         connection_.query("SELECT since FROM outbox ORDER BY number LIMIT 1"));
    FILESTORE_TRY_ASSIGN(const bool found, row.next());
    if (found && !read_time(row, 0, status.oldest)) {
        return Error(ErrorCode::corrupt, "catalogue " + quoted(connection_.path()) +
                                             ": the time of an event that waits is damaged; " +
                                             advice_for_damage);
    }
    return status;
}

Result<std::vector<ParkedFile>> Outbox::parked(std::string_view after, std::size_t most) {
    FILESTORE_TRY_ASSIGN(SqliteQuery row,
                         connection_.query("SELECT file_id, parked_at, reason FROM parked WHERE file_id > ? "
                                           "ORDER BY file_id LIMIT ?",
                                           after, static_cast<std::int64_t>(most)));
    std::vector<ParkedFile> files;
    for (;;) {
        FILESTORE_TRY_ASSIGN(const bool found, row.next());
        if (!found) {
            return files;
        }
        const auto parked_at = parse_timestamp(row.text(1));
        files.push_back({row.text(0), parked_at.ok() ? *parked_at : Timestamp(), row.text(2)});
    }
}

Result<std::uint64_t> Outbox::retry(std::string_view file_id, Timestamp now) {
    if (!file_id.empty()) {
        FILESTORE_TRY_ASSIGN(const bool done, retry_one(std::string(file_id), now));
        return std::uint64_t{done};
    }
    constexpr std::size_t page_size = 1000;
    std::uint64_t count = 0;
    std::string after;
    for (;;) {
        FILESTORE_TRY_ASSIGN(const auto page, parked(after, page_size));
        for (const ParkedFile& file : page) {
            FILESTORE_TRY_ASSIGN(const bool done, retry_one(file.file_id, now));
            count += std::uint64_t{done};
        }
        if (page.size() < page_size) {
            return count;
        }
        after = page.back().file_id;
    }
}

Result<bool> Outbox::retry_one(const std::string& file_id, Timestamp now) {
    FILESTORE_TRY(connection_.run(
        "DELETE FROM parked WHERE file_id = ?1 AND EXISTS (SELECT 1 FROM file_uploads WHERE file_id = ?1)",
        file_id));
    if (connection_.changed_rows() == 0) {
        return false;
    }
    // As it is now.
    FILESTORE_TRY(connection_.run("UPDATE file_uploads SET checksum = NULL WHERE file_id = ?", file_id));
    FILESTORE_TRY(tell_again(file_id, now));
    return true;
}

Result<void> Outbox::tell_again(std::string_view file_id, Timestamp now) {
    FILESTORE_TRY(connection_.run(add_entry, file_id, format_timestamp(now)));
    return seal(file_id, false);
}

}  // namespace filestore
