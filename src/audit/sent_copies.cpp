#include "audit/sent_copies.h"

#include <algorithm>
#include <utility>

#include "audit/catalogue_row.h"
#include "audit/row_checksum.h"
#include "core/try.h"

namespace filestore {
namespace {

// What the checksum is of comes first.
#define FILESTORE_COPY_COLUMNS                                                                           \
    "file_id, profile, base_url, key_variable, purpose, file_version, sent_name, provider_id, "          \
    "begun_at, sent_at, expires_at, doubtful, missed_since, checksum, number, session, removing_since, " \
    "reason"

enum Column {
    file_id,
    profile,
    base_url,
    key_variable,
    purpose,
    file_version,
    sent_name,
    provider_id,
    begun_at,
    sent_at,
    expires_at,
    doubtful,
    missed_since,
    checksum,
    number_,
    session,
    removing_since,
    reason
};

constexpr const char* add_copy = R"sql(
INSERT INTO provider_copies (file_id, profile, base_url, key_variable, purpose, file_version, sent_name, begun_at, session,
                             removing_since, checksum)
SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, (SELECT deleted_at FROM file_uploads WHERE file_id = ?1), -1
)sql";

constexpr const char* one_copy = "SELECT " FILESTORE_COPY_COLUMNS " FROM provider_copies WHERE number = ?";
constexpr const char* copies_of_file =
    "SELECT " FILESTORE_COPY_COLUMNS " FROM provider_copies WHERE file_id = ? ORDER BY number";
constexpr const char* copies_behind =
    "SELECT " FILESTORE_COPY_COLUMNS " FROM provider_copies WHERE number > ? ORDER BY number LIMIT ?";
constexpr const char* open_copies_behind =
    "SELECT " FILESTORE_COPY_COLUMNS
    " FROM provider_copies INDEXED BY open_copies WHERE (removing_since IS NOT NULL OR provider_id = '') AND "
    "number > ? ORDER BY number LIMIT ?";

constexpr const char* expired_copies =
    "SELECT " FILESTORE_COPY_COLUMNS " FROM provider_copies WHERE expires_at <= ? ORDER BY number";

struct Read {
    CopyRow row;
    std::int64_t session = 0;
};

Read read_copy(const SqliteQuery& row) {
    Read read;
    CopyRow& copy = read.row;
    read.session = row.number(session);
    copy.number = row.number(number_);
    copy.profile = row.text(profile);
    copy.base_url = row.text(base_url);
    copy.key_variable = row.text(key_variable);
    copy.purpose = row.text(purpose);
    copy.file_version = row.text(file_version);
    copy.sent_name = row.text(sent_name);
    copy.provider_id = row.text(provider_id);
    copy.is_doubtful = row.number(doubtful) != 0;
    copy.reason = row.text(reason);
    const auto id = FileId::parse(row.text(file_id));
    const auto begun = parse_timestamp(row.text(begun_at));
    const bool has_times = begun.ok() && read_time(row, sent_at, copy.sent_at) &&
                           read_time(row, expires_at, copy.expires_at) &&
                           read_time(row, missed_since, copy.missed_since) &&
                           read_time(row, removing_since, copy.removing_since);
    copy.id = id.ok() ? *id : FileId();
    copy.begun_at = begun.ok() ? *begun : Timestamp();
    copy.is_damaged = !id.ok() || !has_times || row.number(checksum) != checksum_of_copy(row, file_id);
    return read;
}

}  // namespace

std::int64_t checksum_of_copy(const SqliteQuery& row, int first) {
    const auto column = [&](Column which) { return row.nullable(first + which).text; };
    return checksum_of_columns(
        row.text(first + file_id),
        {column(profile), column(base_url), column(key_variable), column(purpose), column(file_version),
         column(sent_name), column(provider_id), column(begun_at), column(sent_at), column(expires_at),
         column(doubtful), column(missed_since)});
}

namespace {

/// After each change of what it is of.
Result<void> seal_copy(SqliteConnection& connection, std::int64_t number) {
    std::int64_t sum = 0;
    {
        FILESTORE_TRY_ASSIGN(SqliteQuery row, connection.query(one_copy, number));
        FILESTORE_TRY_ASSIGN(const bool found, row.next());
        if (!found) {
            return {};
        }
        sum = checksum_of_copy(row, file_id);
    }
    return connection.run("UPDATE provider_copies SET checksum = ? WHERE number = ?", sum, number);
}

}  // namespace

Result<CopyInWork> SentCopies::begin(const CopyRow& row) {
    for (;;) {
        FILESTORE_TRY(connection_.run(add_copy, row.id.text(), row.profile, row.base_url, row.key_variable,
                                      row.purpose, row.file_version, row.sent_name,
                                      format_timestamp(row.begun_at), session_));
        const std::int64_t number = connection_.last_inserted();
        FILESTORE_TRY_ASSIGN(auto in_work, lock_.hold_copy(number));
        if (in_work) {
            FILESTORE_TRY(seal_copy(connection_, number));
            return std::move(*in_work);
        }
        // The catalogue was replaced by a backup that does not know the newest copies.
        FILESTORE_TRY(forget(number));
    }
}

Result<std::optional<CopyRow>> SentCopies::complete(std::int64_t number, const CompletedCopy& copy) {
    const NullableText expires_at{copy.expires_at ? std::optional(format_timestamp(*copy.expires_at))
                                                  : std::nullopt};
    FILESTORE_TRY(
        connection_.run("UPDATE provider_copies SET provider_id = ?, sent_at = ?, expires_at = ?, "
                        "session = 0, reason = NULL WHERE number = ?",
                        copy.provider_id, format_timestamp(copy.sent_at), expires_at, number));
    FILESTORE_TRY(seal_copy(connection_, number));
    return row(number);
}

Result<void> SentCopies::leave(std::int64_t number, std::string_view reason) {
    return connection_.run(
        "UPDATE provider_copies SET session = 0, reason = ? "
        "WHERE number = ? AND (provider_id = '' OR removing_since IS NOT NULL)",
        reason, number);
}

Result<void> SentCopies::note_doubt(std::int64_t number) {
    FILESTORE_TRY(connection_.run(
        "UPDATE provider_copies SET doubtful = 1, missed_since = NULL WHERE number = ?", number));
    return seal_copy(connection_, number);
}

Result<void> SentCopies::note_missed(std::int64_t number, Timestamp since) {
    FILESTORE_TRY(connection_.run("UPDATE provider_copies SET missed_since = ? WHERE number = ?",
                                  format_timestamp(since), number));
    return seal_copy(connection_, number);
}

Result<std::optional<CopyInWork>> SentCopies::take_over(std::int64_t number) {
    FILESTORE_TRY_ASSIGN(const auto found, row(number));
    if (!found || !found->provider_id.empty()) {
        return std::optional<CopyInWork>();
    }
    FILESTORE_TRY_ASSIGN(auto in_work, lock_.hold_copy(number));
    if (in_work) {
        FILESTORE_TRY(
            connection_.run("UPDATE provider_copies SET session = ? WHERE number = ?", session_, number));
    }
    return in_work;
}

Result<void> SentCopies::note_removed(std::int64_t number) {
    FILESTORE_TRY(connection_.run("UPDATE provider_copies SET provider_id = '' WHERE number = ?", number));
    return seal_copy(connection_, number);
}

Result<void> SentCopies::forget(std::int64_t number) {
    return connection_.run("DELETE FROM provider_copies WHERE number = ?", number);
}

Result<void> SentCopies::mark_for_removal(std::int64_t number, Timestamp at) {
    return connection_.run(
        "UPDATE provider_copies SET removing_since = ? WHERE number = ? AND removing_since IS NULL",
        format_timestamp(at), number);
}

Result<std::vector<CopyRow>> SentCopies::expired(Timestamp now) {
    return rows(expired_copies, format_timestamp(now));
}

Result<bool> SentCopies::is_deleted(const FileId& id) {
    FILESTORE_TRY_ASSIGN(
        SqliteQuery row,
        connection_.query("SELECT 1 FROM file_uploads WHERE file_id = ? AND deleted_at IS NOT NULL",
                          id.text()));
    return row.next();
}

Result<std::string> SentCopies::other_holder(std::int64_t number, std::string_view provider_id) {
    FILESTORE_TRY_ASSIGN(
        SqliteQuery row,
        connection_.query(
            "SELECT other.file_id FROM provider_copies AS own, provider_copies AS other "
            "WHERE own.number = ? AND other.file_id <> own.file_id AND other.profile = own.profile "
            "AND other.base_url = own.base_url AND other.key_variable = own.key_variable AND "
            "other.provider_id = ? LIMIT 1",
            number, provider_id));
    FILESTORE_TRY_ASSIGN(const bool is_there, row.next());
    return is_there ? std::string(row.text(0)) : std::string();
}

Result<std::optional<CopyRow>> SentCopies::row(std::int64_t number) {
    FILESTORE_TRY_ASSIGN(auto found, rows(one_copy, number));
    return found.empty() ? std::optional<CopyRow>() : std::optional(std::move(found.front()));
}

Result<std::vector<CopyRow>> SentCopies::of_file(const FileId& id) {
    return rows(copies_of_file, id.text());
}

Result<std::vector<CopyRow>> SentCopies::behind(std::int64_t number, std::size_t most) {
    return rows(copies_behind, number, static_cast<std::int64_t>(most));
}

Result<std::vector<CopyRow>> SentCopies::open_behind(std::int64_t number, std::size_t most) {
    return rows(open_copies_behind, number, static_cast<std::int64_t>(most));
}

template <class... Parameters>
Result<std::vector<CopyRow>> SentCopies::rows(const char* sql, const Parameters&... parameters) {
    std::vector<CopyRow> found;
    std::vector<std::int64_t> sessions;
    {
        FILESTORE_TRY_ASSIGN(SqliteQuery row, connection_.query(sql, parameters...));
        for (;;) {
            FILESTORE_TRY_ASSIGN(const bool is_there, row.next());
            if (!is_there) {
                break;
            }
            Read read = read_copy(row);
            found.push_back(std::move(read.row));
            sessions.push_back(read.session);
        }
    }
    FILESTORE_TRY(note_work(found, sessions));
    return found;
}

/// That a row has a session says that somebody began to work on it; only the lock says that this goes on.
Result<void> SentCopies::note_work(std::vector<CopyRow>& rows,
                                   const std::vector<std::int64_t>& sessions) const {
    std::vector<std::int64_t> begun;
    for (std::size_t i = 0; i < rows.size(); ++i) {
        rows[i].is_being_sent = rows[i].provider_id.empty() && sessions[i] != 0;
        if (rows[i].is_being_sent) {
            begun.push_back(rows[i].number);
        }
    }
    FILESTORE_TRY_ASSIGN(const auto idle, lock_.idle_among(begun));
    for (CopyRow& row : rows) {
        const bool is_idle = std::find(idle.begin(), idle.end(), row.number) != idle.end();
        row.is_being_sent = row.is_being_sent && !is_idle;
    }
    return {};
}

}  // namespace filestore
