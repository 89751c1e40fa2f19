#pragma once

/// The copies of files that providers have (filestore/file_exporter.h), beside the catalogue and changed in its transactions.
///
/// A copy is a row of `provider_copies`. It is there before anything is sent, without an ID of the provider's, and gets that when the provider has answered. Until then it belongs to the call that sends, which has it locked
/// (copies_in_work.h); where that has ended, however it did, the provider has to be asked whether there is a copy. A trigger notes of each copy of a file whose deletion is recorded, by whomsoever, that it is to be removed; so it stays until the provider has it no more.
/// A row has a checksum. One that does not match names nothing that may be removed.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "audit/copies_in_work.h"
#include "audit/session_lock.h"
#include "audit/sqlite.h"
#include "filestore/file_id.h"
#include "filestore/result.h"
#include "filestore/time.h"

namespace filestore {

/// A value.
struct CopyRow {
    std::int64_t number = 0;
    FileId id;
    std::string profile;
    std::string base_url;
    /// The environment variable that has the key; empty for the profile's own.
    std::string key_variable;
    std::string purpose;
    /// Of the file that was sent, see FileInfo::version.
    std::string file_version;
    std::string sent_name;
    /// The provider's; empty until it is known.
    std::string provider_id;
    Timestamp begun_at{};
    std::optional<Timestamp> sent_at{};
    std::optional<Timestamp> expires_at{};
    /// Since then it is to be removed.
    std::optional<Timestamp> removing_since{};
    /// An attempt before the last may have made a file of that name, which would be another than `provider_id`.
    bool is_doubtful = false;
    /// Since then the provider's list lacks what may have been made, and which may yet come.
    std::optional<Timestamp> missed_since{};
    /// Why it is still to be removed or found out.
    std::string reason{};
    /// Somebody sends it now.
    bool is_being_sent = false;
    /// It is not as it was written: its ID is not to be trusted.
    bool is_damaged = false;
};

/// What came of a copy. A value.
struct CompletedCopy {
    std::string provider_id;
    Timestamp sent_at{};
    std::optional<Timestamp> expires_at{};
};

/// Of a connection to a catalogue. A value (a reference); used inside a transaction, by one thread at a time.
class SentCopies {
public:
    /// `session` is that of this process, 0 where it only reads.
    SentCopies(SqliteConnection& connection, const SessionLock& lock, std::int64_t session) noexcept
        : connection_(connection), lock_(lock), session_(session) {}

    /// It is being sent as long as the answer lives. Of the row that which the provider has not answered yet is not used.
    [[nodiscard]] Result<CopyInWork> begin(const CopyRow& row);
    /// Answers the row as it is then; nothing where it is not there any more.
    [[nodiscard]] Result<std::optional<CopyRow>> complete(std::int64_t number, const CompletedCopy& copy);
    /// Nobody works on it any more; what it asks for is still to be done.
    [[nodiscard]] Result<void> leave(std::int64_t number, std::string_view reason);
    /// See CopyRow::is_doubtful; to be noted before the next attempt. Nothing is missed yet of what that makes.
    [[nodiscard]] Result<void> note_doubt(std::int64_t number);
    /// See CopyRow::missed_since.
    [[nodiscard]] Result<void> note_missed(std::int64_t number, Timestamp since);
    /// A copy on which nobody works is the caller's to find out, as long as the answer lives. Nothing where somebody else was first.
    [[nodiscard]] Result<std::optional<CopyInWork>> take_over(std::int64_t number);
    /// The file of its ID is removed, and another of its name may come: the ID is not known any more.
    [[nodiscard]] Result<void> note_removed(std::int64_t number);
    /// There is no such copy.
    [[nodiscard]] Result<void> forget(std::int64_t number);
    [[nodiscard]] Result<void> mark_for_removal(std::int64_t number, Timestamp at);

    /// The copies whose time was over then, as far as their rows say; damaged ones, too.
    [[nodiscard]] Result<std::vector<CopyRow>> expired(Timestamp now);

    /// Whether the catalogue has the file as deleted.
    [[nodiscard]] Result<bool> is_deleted(const FileId& id);

    [[nodiscard]] Result<std::optional<CopyRow>> row(std::int64_t number);
    /// The file whose copy this is, by a row of another file at the same place; empty where there is none.
    [[nodiscard]] Result<std::string> other_holder(std::int64_t number, std::string_view provider_id);
    /// In the order in which they were begun.
    [[nodiscard]] Result<std::vector<CopyRow>> of_file(const FileId& id);
    /// The first `most` behind the one of a number.
    [[nodiscard]] Result<std::vector<CopyRow>> behind(std::int64_t number, std::size_t most);
    /// The same of those that are to be removed or have no ID yet.
    [[nodiscard]] Result<std::vector<CopyRow>> open_behind(std::int64_t number, std::size_t most);

private:
    template <class... Parameters>
    [[nodiscard]] Result<std::vector<CopyRow>> rows(const char* sql, const Parameters&... parameters);
    [[nodiscard]] Result<void> note_work(std::vector<CopyRow>& rows,
                                         const std::vector<std::int64_t>& sessions) const;

    SqliteConnection& connection_;
    const SessionLock& lock_;
    const std::int64_t session_;
};

/// A pure function; of the columns as they stand in the table.
[[nodiscard]] std::int64_t checksum_of_copy(const SqliteQuery& row, int first);

}  // namespace filestore
