#pragma once

/// The files that are deleted and can be had back (filestore/soft_delete.h), beside the catalogue and changed in its transactions.
///
/// A mark is a row of `soft_deleted`. The file's row of `file_uploads` is then that of a deletion; where that becomes one of a stored file, by whomsoever, a trigger takes the mark away.
/// A mark has a checksum. One that does not match tells nothing of the end of the grace: the file is not purged, and can be had back.
///
/// An intent to remove a file whose grace is over is one to purge it: that completes as any removal, which changes nothing of a row that tells of its deletion.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "audit/catalogue_row.h"
#include "audit/outbox.h"
#include "audit/sqlite.h"
#include "filestore/result.h"
#include "filestore/soft_delete.h"

namespace filestore {

struct Intent;

/// Whether a file was marked.
enum class Marking {
    marked,
    /// It was before.
    is_marked,
    /// It is busy, or has changed: see MarkTerms.
    passed_over,
};

/// A file to delete. A value.
struct SoftDeletion {
    FileId id;
    /// Of a file that has no row yet.
    std::string file_path;
    Metadata metadata;
    std::uint64_t size = 0;
    /// Where that is known; for a file that has no row yet.
    std::optional<Timestamp> stored_at{};
};

/// A value.
struct MarkTerms {
    Timestamp at{};
    Timestamp until{};
    /// A file is passed over whose row tells of an upload at this time or later,
    Timestamp uploaded_before = Timestamp::max();
    /// or of a deletion at this one or later.
    Timestamp unchanged_since = Timestamp::max();
};

/// What can be done of undeleting a file.
enum class Undeletion {
    done,
    /// Nothing is to be done.
    is_stored,
    /// There is no mark, or its grace is over.
    is_gone,
    /// Somebody is removing it for good.
    is_busy,
};

/// The bytes of a file whose grace is over. A value.
struct DueFile {
    FileId id;
    Timestamp until{};
    std::uint64_t size = 0;
    std::string file_path{};
    /// The first time there is where none is known.
    Timestamp uploaded_at{};
    /// The mark is not as it was made: nobody can tell whether the grace is over.
    bool is_damaged = false;
};

/// Of a mark that is not as it was made.
[[nodiscard]] Error damaged_mark_error(const std::string& catalogue, std::string_view file_id);

/// Of a connection to a catalogue. A value (a reference); used inside a transaction, by one thread at a time.
class SoftDeletions {
public:
    /// The session and the newest inherited intent are those of FILESTORE_BUSY.
    SoftDeletions(SqliteConnection& connection, Outbox& outbox, std::int64_t session,
                  std::int64_t last_inherited) noexcept
        : connection_(connection), outbox_(outbox), session_(session), last_inherited_(last_inherited) {}

    /// Records the deletion and marks the file.
    [[nodiscard]] Result<Marking> mark(const SoftDeletion& file, const MarkTerms& terms);

    /// `done` where it can be.
    [[nodiscard]] Result<Undeletion> can_undelete(const FileId& id, Timestamp now);
    /// Records the file as stored again, and has the server's deletion taken back. `stored_at` is for a row that has no time of an upload.
    [[nodiscard]] Result<Undeletion> undelete(const FileId& id, Timestamp now, Timestamp stored_at);

    /// Records a marked file as stored again, because somebody else has done so: the server has nothing to take back. Of `row` what is not recorded counts. False where the file is busy, where something of it is still to be told, and where
    /// it has no mark, or one whose grace was not over at `due`.
    [[nodiscard]] Result<bool> give_back(const CatalogueRow& row, Timestamp now, Timestamp due);

    [[nodiscard]] Result<bool> has(const FileId& id);
    /// Those of a part of the IDs, both ends included.
    [[nodiscard]] Result<std::vector<FileId>> between(const FileId& first, const FileId& last);
    /// The first `most` files behind `after` whose grace is not over, in the order of their IDs.
    [[nodiscard]] Result<std::vector<DeletedFile>> page(const FileId& after, Timestamp now, std::size_t most);
    /// The first `most` files behind `after` whose grace was over at a time, in the order of its ends.
    [[nodiscard]] Result<std::vector<DueFile>> due(Timestamp at, const DueFile& after, std::size_t most);

private:
    [[nodiscard]] Result<bool> may_be_marked(const FileId& id, const MarkTerms& terms);
    [[nodiscard]] Result<bool> is_stored(const FileId& id);
    [[nodiscard]] Error damaged(std::string_view file_id) const;

    SqliteConnection& connection_;
    Outbox& outbox_;
    const std::int64_t session_;
    const std::int64_t last_inherited_;
};

}  // namespace filestore
