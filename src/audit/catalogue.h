#pragma once

/// The catalogue: the record of every upload and deletion, in one SQLite file.
///
/// Table `file_uploads` has the columns of the original system: `file_id`, `file_path`, `metadata`, `uploaded_at`,
/// `deleted_at`, and behind them a checksum of those (row_checksum.h), as intents have one. Table `intents` holds operations under way: an intent is durable before the backend publishes or deletes, and the
/// transaction that records the event takes it away. What a crashed process left is settled by recovery (see stale_intents). Of the outbox tells outbox.h, of files that can be had back soft_deletions.h, of copies at providers sent_copies.h.
/// Where several uploads are under way, that transaction also holds the intents of the next ones (reserved_intents.h), which have neither path nor metadata.
///
/// A resource, thread-safe; every function blocks (it waits for the disk). Any number of processes may share the file. Once it was removed or replaced, whatever writes fails with `io`.

#include <chrono>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "audit/catalogue_row.h"
#include "filestore/file_id.h"
#include "filestore/metadata.h"
#include "filestore/result.h"
#include "filestore/time.h"

namespace filestore {

/// `undo`: an upload whose failure was reported, though the file may be there.
enum class Operation { upload, removal, undo };

/// An operation that was begun. A value.
struct Intent {
    /// The row's own number: which intent of a file is meant.
    std::int64_t number = 0;
    FileId id;
    Operation operation = Operation::upload;
    std::string file_path;
    Metadata metadata;
    /// Of an undo: when the upload had failed.
    Timestamp begun_at{};
    /// Of a removal: when the file was stored, where that is known; for the row of a file that has none. Not kept.
    std::optional<Timestamp> stored_at{};
    /// Of an upload: other processes may have begun the same one, and whoever records it first ends the intents of all. Not kept.
    bool is_shared = false;
};

/// A file whose row says that it is stored. A value.
struct RecordedUpload {
    FileId id;
    Timestamp uploaded_at{};
};

/// What the catalogue says of a file. A value.
struct RecordState {
    /// An operation on it is open, of this process or another one; but not a removal that stale_intents() has given.
    bool busy = false;
    /// Its row says that it is stored.
    bool stored = false;
    /// It has a row.
    bool known = false;
    /// It is deleted and can be had back, or is to be purged.
    bool soft_deleted = false;
};

/// Asks for a page of the rows of stored files. A value.
struct StoredRowsRequest {
    /// Files behind this one, whose row there is; from the first where it is nothing.
    std::optional<FileId> behind{};
    /// The newest come first; else the oldest.
    bool newest_first = false;
    /// Where it is not empty: only rows whose metadata has this key, somewhere.
    std::string key{};
    /// So many rows are looked at.
    std::size_t most = 1000;
};

/// A value.
struct StoredRowsPage {
    /// Without those that are damaged.
    std::vector<CatalogueRow> rows{};
    /// The last one that was looked at; nothing where no more follow.
    std::optional<FileId> last{};
};

/// How a file's row stands, and what is still to happen to it. A value.
struct RecordDetails {
    FileId id;
    bool known = false;
    bool deleted = false;
    /// An operation on it is open.
    bool busy = false;
    /// The server is still to be told of it.
    bool waits = false;
    bool parked = false;
    bool soft_deleted = false;

    friend bool operator==(const RecordDetails&, const RecordDetails&) = default;
};

class Outbox;
class SentCopies;
class SoftDeletions;

/// A value.
struct CatalogueOptions {
    /// This process tells an audit server. From then on the catalogue has one: what anybody records is noted in the outbox, in the same transaction, until forget_server().
    bool has_server = false;
};

class Catalogue {
public:
    /// Opens or makes the file, and the directories above it. Failures: `permission_denied`, `no_space`, `io`, `corrupt` (not a
    /// catalogue, or damaged), `configuration` (written by a newer version of the library, or in a place that is not there).
    [[nodiscard]] static Result<std::unique_ptr<Catalogue>> open(const std::string& path,
                                                                 const CatalogueOptions& options = {});
    ~Catalogue();
    Catalogue(const Catalogue&) = delete;
    Catalogue& operator=(const Catalogue&) = delete;

    /// Makes the intent of an upload durable, under a new ID; notes both in it. What is durable may lack path and metadata: the store has them, once there is a file.
    [[nodiscard]] Result<void> begin_upload(Intent& intent);

    /// Makes an intent durable; answers its number.
    [[nodiscard]] Result<std::int64_t> begin(const Intent& intent);

    /// The operation is done: in one transaction the intent goes and `file_uploads` tells it. An upload inserts a row; a removal sets
    /// `deleted_at` where it is not set yet, and inserts a row (from the intent) where there was none.
    /// That of a removal is durable. That of an upload need not be: what power loss takes of it leaves the intent, which leads to the same.
    /// Whatever is committed later and durable, such as what was told to a server, makes it durable too.
    [[nodiscard]] Result<void> complete(const Intent& intent, Timestamp at);
    /// As complete(), of an operation that was found to be done some time after: a row that tells of something later than an upload stays as it is. All intents of that upload go.
    [[nodiscard]] Result<void> complete_found(const Intent& intent, Timestamp at);

    /// The upload has failed, at `at`, but its file may be there and has to go: recovery must not take it for an upload that succeeded.
    [[nodiscard]] Result<void> turn_into_undo(std::int64_t intent_number, Timestamp at);

    /// Makes intents for a batch of removals durable, and notes their numbers in them. A file is left out, with the number 0, where it is busy (see RecordState), and where its
    /// row tells of an upload at `uploaded_before` or later, or of a removal at `unchanged_since` or later.
    [[nodiscard]] Result<void> begin_removals(std::vector<Intent>& intents, Timestamp uploaded_before,
                                              Timestamp unchanged_since);

    /// The same for files whose grace was over at a time: left out are those that are busy, or not marked any more.
    [[nodiscard]] Result<void> begin_purges(std::vector<Intent>& intents, Timestamp due);

    /// Completes the removals that were done and abandons the others, in one transaction.
    [[nodiscard]] Result<void> end_removals(const std::vector<Intent>& done,
                                            const std::vector<Intent>& undone, Timestamp at);

    /// The operation did not happen: the intent goes.
    [[nodiscard]] Result<void> abandon(std::int64_t intent_number);

    /// Intents of processes that no longer run, and up to `most_left` of those that were left, for the caller to settle and then complete or abandon. Another intent of
    /// a live process, this one included, is never among them.
    [[nodiscard]] Result<std::vector<Intent>> stale_intents();

    /// Nobody of this process sees to the intent any more: stale_intents() gives it again, to this process too.
    [[nodiscard]] Result<void> leave(std::int64_t intent_number);

    /// `not_found` where there is no row.
    [[nodiscard]] Result<CatalogueRow> row(const FileId& id);

    /// The first `most` IDs after `after`, in order, of files whose rows say that they are stored, and of which no intent is open.
    [[nodiscard]] Result<std::vector<FileId>> stored_after(const FileId& after, std::size_t most);

    /// Whether the file is one of those.
    [[nodiscard]] Result<bool> is_stored(const FileId& id);

    /// The first `most` stored files that are not busy (see RecordState) and were uploaded before a time, behind `after`, in the order of their times.
    [[nodiscard]] Result<std::vector<RecordedUpload>> uploaded_before(Timestamp before,
                                                                      const RecordedUpload& after,
                                                                      std::size_t most);

    /// In the order of the times of their uploads, and of their IDs where those are the same. `not_found` where there is no row to go on behind.
    [[nodiscard]] Result<StoredRowsPage> stored_rows(const StoredRowsRequest& request);

    [[nodiscard]] Result<std::vector<RecordState>> states_of(const std::vector<FileId>& ids);

    /// Of the first `most` rows behind `after`, in the order of their IDs.
    [[nodiscard]] Result<std::vector<RecordDetails>> details_after(const FileId& after, std::size_t most);
    [[nodiscard]] Result<std::vector<RecordDetails>> details_of(const std::vector<FileId>& ids);

    /// These files turned out to be there: their rows, made where there are none, say that they are stored. Those that are busy, or recorded as stored, are passed over. Answers which it did.
    [[nodiscard]] Result<std::vector<bool>> restore(const std::vector<CatalogueRow>& rows, Timestamp now);

    /// When the store was last seen to have no file without a row; nothing where it never was.
    [[nodiscard]] Result<std::optional<Timestamp>> covered_at();
    [[nodiscard]] Result<void> note_covered(Timestamp at);

    /// When the last scheduled cleanup that ended well was begun; nothing where none is kept track of.
    [[nodiscard]] Result<std::optional<Timestamp>> cleaned_at();
    [[nodiscard]] Result<void> note_cleaned(Timestamp at);

    /// Runs `work` alone, in one transaction, which takes effect where it succeeds.
    [[nodiscard]] Result<void> use_outbox(const std::function<Result<void>(Outbox&)>& work);

    /// The same for work that only reads: it does not wait for writers of other processes.
    [[nodiscard]] Result<void> read_outbox(const std::function<Result<void>(Outbox&)>& work);

    /// Runs `work` in a transaction, which it may share with what other threads write meanwhile; it may be run more than once, and what it did last counts.
    [[nodiscard]] Result<void> use_soft_deletions(const std::function<Result<void>(SoftDeletions&)>& work);

    /// The same for work that only reads.
    [[nodiscard]] Result<void> read_soft_deletions(const std::function<Result<void>(SoftDeletions&)>& work);

    /// Runs `work` in a transaction; what it did is durable.
    [[nodiscard]] Result<void> use_sent_copies(const std::function<Result<void>(SentCopies&)>& work);

    /// The same for work that only reads.
    [[nodiscard]] Result<void> read_sent_copies(const std::function<Result<void>(SentCopies&)>& work);

    /// The catalogue has no audit server any more: nothing is noted from now on, and what waits or is parked is dropped. Answers how many files that were.
    [[nodiscard]] Result<std::uint64_t> forget_server();

    /// Absolute.
    [[nodiscard]] const std::string& path() const noexcept;
    /// The file of the session locks of the catalogue at `path`; session 0 is that of who empties the outbox.
    static constexpr std::int64_t cleaner_session = std::numeric_limits<std::int64_t>::max() - 1;
    /// Of no process: that of intents that were left.
    static constexpr std::int64_t left_session = std::numeric_limits<std::int64_t>::max() - 2;
    static constexpr std::size_t most_left = 1000;
    [[nodiscard]] static std::string session_file(const std::string& path);
    /// The space that is kept for deletions, see space_reserve.h.
    [[nodiscard]] static std::string reserve_file(const std::string& path);

private:
    class Impl;
    explicit Catalogue(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

}  // namespace filestore
