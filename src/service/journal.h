#pragma once

/// The service's use of the catalogue: opened when something is recorded first, and then settles what a crashed process left.

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "audit/catalogue.h"
#include "audit/sender.h"
#include "audit/session_lock.h"
#include "audit/soft_deletions.h"
#include "core/pending_answer.h"
#include "core/pending_calls.h"
#include "filestore/backend.h"
#include "filestore/time.h"
#include "filestore/verify.h"
#include "service/late_tasks.h"

namespace filestore {

/// A resource held by std::shared_ptr; thread-safe; blocks, so it is used on the executor only. With an empty path nothing is recorded, and every
/// function succeeds at once; with an error in its place every function answers that.
class Journal : public StoreRecord, public std::enable_shared_from_this<Journal> {
public:
    /// Settling counts among `calls`, so that whoever closes them ends it and waits for it.
    /// `sender` tells an audit server what is recorded; null where there is none. `is_strict` and `most_pending`: see AuditOptions.
    Journal(Result<std::string> catalogue_path, std::shared_ptr<StorageBackend> backend,
            std::shared_ptr<PendingCalls> calls, std::shared_ptr<Sender> sender, std::shared_ptr<Clock> clock,
            bool is_strict, LateTaskPauses pauses = {}, std::uint64_t most_pending = 0);

    /// Empty where nothing is or can be recorded.
    [[nodiscard]] const std::string& path() const noexcept { return path_; }
    [[nodiscard]] bool records() const noexcept { return unplaced_ || !path_.empty(); }

    /// See Catalogue. Where nothing is recorded, the ID is new all the same.
    [[nodiscard]] Result<void> begin_upload(Intent& intent);
    /// Makes the intent durable and notes its number in it.
    [[nodiscard]] Result<void> begin(Intent& intent);
    [[nodiscard]] Result<void> complete(const Intent& intent, Timestamp at);
    /// What was found out later happened when it was begun: see Catalogue.
    [[nodiscard]] Result<void> complete_found(const Intent& intent);
    /// See Catalogue::turn_into_undo().
    [[nodiscard]] Result<void> turn_into_undo(Intent& intent);
    [[nodiscard]] Result<void> abandon(const Intent& intent);
    /// Nothing of an upload that is undone is there now, or a removal has not been done. Where the storage may still carry it out (Capabilities::may_store_late), it is looked at for another hour: by this process, or by those
    /// that come after it.
    [[nodiscard]] Result<void> abandon_in_time(const Intent& intent);
    /// What became of an intent of this process could not be found out, done or recorded. That is tried again some time later, when no server is still at work on the request, also where
    /// nothing else happens. What is too many for memory is taken over later on, as what a dead process leaves.
    void settle_later(const Intent& intent);

    /// See Catalogue. Where nothing is recorded, nothing is left out.
    [[nodiscard]] Result<void> begin_removals(std::vector<Intent>& intents, Timestamp uploaded_before,
                                              Timestamp unchanged_since);
    [[nodiscard]] Result<void> begin_purges(std::vector<Intent>& intents, Timestamp due);
    [[nodiscard]] Result<void> end_removals(const std::vector<Intent>& done,
                                            const std::vector<Intent>& undone, Timestamp at);

    /// See SoftDeletions; what is written is written in one transaction, and the audit server is told. Something is recorded. What became of each file, in their order.
    [[nodiscard]] Result<std::vector<Marking>> mark(const std::vector<SoftDeletion>& files,
                                                    const MarkTerms& terms);
    [[nodiscard]] Result<Undeletion> undelete(const FileId& id, Timestamp now, Timestamp stored_at);
    [[nodiscard]] Result<std::vector<bool>> give_back(const std::vector<CatalogueRow>& rows, Timestamp now,
                                                      Timestamp due);
    /// See SoftDeletions. A catalogue that is not there yet is not made: nothing is deleted then.
    [[nodiscard]] Result<Undeletion> can_undelete(const FileId& id, Timestamp now);
    [[nodiscard]] Result<bool> is_soft_deleted(const FileId& id);
    [[nodiscard]] Result<std::vector<FileId>> soft_deleted_between(const FileId& first, const FileId& last);
    [[nodiscard]] Result<std::vector<DeletedFile>> soft_deleted(const FileId& after, Timestamp now,
                                                                std::size_t most);
    [[nodiscard]] Result<std::vector<DueFile>> due(Timestamp at, const DueFile& after, std::size_t most);

    /// See Catalogue. A catalogue that is not there yet is not made: nothing is recorded then.
    [[nodiscard]] Result<std::vector<RecordedUpload>> uploaded_before(Timestamp before,
                                                                      const RecordedUpload& after,
                                                                      std::size_t most);
    /// `configuration` where nothing is recorded.
    [[nodiscard]] Result<StoredRowsPage> stored_rows(const StoredRowsRequest& request);
    [[nodiscard]] Result<std::vector<RecordState>> states_of(const std::vector<FileId>& ids);
    [[nodiscard]] Result<std::optional<Timestamp>> covered_at();
    [[nodiscard]] Result<void> note_covered(Timestamp at);

    /// See Catalogue, and uploaded_before().
    [[nodiscard]] Result<std::vector<RecordDetails>> details_after(const FileId& after, std::size_t most);
    [[nodiscard]] Result<std::vector<RecordDetails>> details_of(const std::vector<FileId>& ids);
    /// See Catalogue and Outbox; the audit server is told.
    [[nodiscard]] Result<std::vector<bool>> restore(const std::vector<CatalogueRow>& rows, Timestamp now);
    [[nodiscard]] Result<void> tell_again(const std::vector<FileId>& ids, Timestamp now);

    /// See Catalogue. `not_found` also where nothing is or has been recorded.
    [[nodiscard]] Result<CatalogueRow> row(const FileId& id);

    /// See Catalogue.
    [[nodiscard]] Result<std::optional<Timestamp>> cleaned_at();
    [[nodiscard]] Result<void> note_cleaned(Timestamp at);
    /// Of who runs a scheduled cleanup, for Catalogue::cleaner_session. Something has been recorded.
    [[nodiscard]] Result<SessionLock> cleaner_lock();

    /// Whether a row tells of the file.
    [[nodiscard]] Result<bool> knows(const FileId& id);

    [[nodiscard]] bool has_sender() const noexcept { return sender_ != nullptr; }
    /// See Sender; there is one. May throw std::bad_alloc.
    void flush(std::optional<std::chrono::steady_clock::time_point> deadline,
               const PendingAnswerPtr<void>& answer);
    /// Whether operations answer only once the audit server was told.
    [[nodiscard]] bool is_strict() const noexcept { return is_strict_ && sender_ != nullptr; }
    /// In strict mode: answers what was done and recorded once the audit server was told of the file, or of everything where no file is given; else
    /// `not_delivered`, with `what_is_done` in its message. Of `options` the deadline and the cancellation count.
    void when_told(const std::optional<FileId>& id, const CallOptions& options,
                   const std::string& what_is_done, Completion<void> done);
    /// See Outbox. Nothing is told, waits or is parked where nothing has been recorded yet.
    [[nodiscard]] Result<AuditStatus> audit_status();
    [[nodiscard]] Result<std::vector<ParkedFile>> parked(const std::string& after, std::size_t most);
    [[nodiscard]] Result<std::uint64_t> retry_parked(const std::string& file_id, Timestamp now);
    /// See Catalogue. `configuration` where there is a sender.
    [[nodiscard]] Result<std::uint64_t> forget_server();
    /// Has the audit server told of what earlier processes have left.
    [[nodiscard]] Result<void> go_on_telling();
    /// Nothing is settled later any more; and see Sender::close().
    void close() noexcept;

    /// See Catalogue. None where nothing has been recorded yet: a store is not changed by being verified.
    [[nodiscard]] Result<std::vector<FileId>> stored_after(const FileId& after, std::size_t most) override;
    [[nodiscard]] Result<bool> is_stored(const FileId& id) override;

private:
    [[nodiscard]] Result<Catalogue*> catalogue();
    [[nodiscard]] bool has_recorded() const;
    [[nodiscard]] Result<void> told(Result<void> recorded) noexcept;
    template <class T, class Read>
    [[nodiscard]] Result<T> read_soft_deletions(T nothing, Read read);
    void settle_after(std::chrono::microseconds pause, const Intent& intent, bool was_gone);
    [[nodiscard]] Result<void> check_room(Catalogue& record) const;
    [[nodiscard]] bool take_over_later();
    void take_over_what_was_left();
    void take_over_now();
    void settle(const Intent& intent, bool was_gone);
    void undo(const Intent& intent, bool was_gone, const std::shared_ptr<PendingCalls::Call>& call);
    void ask_whether_it_still_comes(const Intent& intent, const std::shared_ptr<PendingCalls::Call>& call);
    void ask_whether_it_is_whole(const Intent& intent, bool still_comes,
                                 const std::shared_ptr<PendingCalls::Call>& call);
    void ask_whether_it_is_gone(const Intent& intent, const std::shared_ptr<PendingCalls::Call>& call);
    void ask_whether_it_came(const Intent& intent, const std::shared_ptr<PendingCalls::Call>& call);
    void take_away(const Intent& intent, const std::shared_ptr<PendingCalls::Call>& call);
    void call_failed(const Intent& intent);
    void begin_undo(Intent intent);

    std::string path_;
    /// Why there is no place for the catalogue.
    std::optional<Error> unplaced_;
    const std::shared_ptr<StorageBackend> backend_;
    const std::shared_ptr<PendingCalls> calls_;
    const std::shared_ptr<Sender> sender_;
    const std::shared_ptr<Clock> clock_;
    const bool is_strict_;
    const std::uint64_t most_pending_;
    std::mutex mutex_;
    /// Once it is set it stays.
    std::shared_ptr<Catalogue> catalogue_;
    /// When it is looked for what processes have left that died meanwhile.
    std::chrono::steady_clock::time_point next_take_over_;
    const std::chrono::milliseconds between_take_overs_;
    /// Intents for which late_tasks_ had no room.
    std::atomic<bool> has_left_ = false;
    const std::shared_ptr<LateTasks> late_tasks_;
};

}  // namespace filestore
