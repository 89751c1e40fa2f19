#include "audit/catalogue.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <mutex>
#include <system_error>
#include <thread>
#include <type_traits>

#include "audit/busy.h"
#include "audit/catalogue_file.h"
#include "audit/cleanup_pages.h"
#include "audit/fork_barrier.h"
#include "audit/intent_row.h"
#include "audit/outbox.h"
#include "audit/reserved_intents.h"
#include "audit/row_checksum.h"
#include "audit/sent_copies.h"
#include "audit/session_lock.h"
#include "audit/shared_commits.h"
#include "audit/soft_deletions.h"
#include "audit/space_reserve.h"
#include "audit/sqlite.h"
#include "core/text.h"
#include "core/try.h"

namespace filestore {
namespace {

// In both statements ?5 is 1 where the intent was still there, and the event is that of this moment. Where it was not, the event was recorded before or by another
// process, and must not undo what was recorded after it; so it is where it was found out later.
constexpr const char* record_upload = R"sql(
INSERT INTO file_uploads (file_id, file_path, metadata, uploaded_at, deleted_at, checksum)
VALUES (?1, ?2, ?3, ?4, NULL, ?6)
ON CONFLICT (file_id) DO UPDATE
SET file_path = excluded.file_path, metadata = excluded.metadata, uploaded_at = excluded.uploaded_at,
    deleted_at = NULL, checksum = excluded.checksum
WHERE ?5 = 1
   OR (ifnull(file_uploads.uploaded_at, '') < excluded.uploaded_at
       AND ifnull(file_uploads.deleted_at, '') < excluded.uploaded_at)
)sql";

constexpr const char* record_removal = R"sql(
INSERT INTO file_uploads (file_id, file_path, metadata, uploaded_at, deleted_at, checksum)
VALUES (?1, ?2, ?3, ?7, ?4, ?6)
ON CONFLICT (file_id) DO UPDATE
SET deleted_at = excluded.deleted_at
WHERE file_uploads.deleted_at IS NULL
  AND (?5 = 1 OR ifnull(file_uploads.uploaded_at, '') <= excluded.deleted_at)
)sql";

// ?8 and ?9 are the two times of begin_removals(). What the file's row has is not written a second time: a batch has to be small, see space_reserve.h.
constexpr const char* begin_removal =
    "INSERT INTO intents (session, file_id, operation, file_path, metadata, begun_at, checksum) "
    "SELECT ?1, ?3, ?4, iif(is_known, '', ?5), iif(is_known, '{}', ?6), ?7, iif(is_known, ?11, ?10) "
    "FROM (SELECT EXISTS (SELECT 1 FROM file_uploads WHERE file_id = ?3) AS is_known) WHERE NOT " FILESTORE_BUSY("?3")
    " AND NOT EXISTS (SELECT 1 FROM file_uploads WHERE file_id = ?3 AND (uploaded_at >= ?8 OR deleted_at >= ?9))"
    " AND NOT EXISTS (SELECT 1 FROM soft_deleted WHERE file_id = ?3)";

// ?8 is the time of begin_purges().
constexpr const char* begin_purge =
    "INSERT INTO intents (session, file_id, operation, file_path, metadata, begun_at, checksum) "
    "SELECT ?1, ?3, ?4, ?5, ?6, ?7, ?9 WHERE NOT " FILESTORE_BUSY(
        "?3") " AND EXISTS (SELECT 1 FROM soft_deleted WHERE file_id = ?3 AND until <= ?8)";

constexpr const char* state_of =
    "SELECT " FILESTORE_BUSY("?3") ", EXISTS (SELECT 1 FROM file_uploads "
    "WHERE file_id = ?3 AND uploaded_at IS NOT NULL AND deleted_at IS NULL), "
    "EXISTS (SELECT 1 FROM file_uploads WHERE file_id = ?3), "
    "EXISTS (SELECT 1 FROM soft_deleted WHERE file_id = ?3)";

#define FILESTORE_DETAILS(file_id)                                                           \
    "deleted_at IS NOT NULL, EXISTS (SELECT 1 FROM intents WHERE intents.file_id = " file_id \
    "), "                                                                                    \
    "EXISTS (SELECT 1 FROM outbox WHERE outbox.file_id = " file_id                           \
    "), "                                                                                    \
    "EXISTS (SELECT 1 FROM parked WHERE parked.file_id = " file_id                           \
    "), "                                                                                    \
    "EXISTS (SELECT 1 FROM soft_deleted WHERE soft_deleted.file_id = " file_id ")"

constexpr const char* details_behind = "SELECT 1, " FILESTORE_DETAILS("file_uploads.file_id") ", file_id "
    "FROM file_uploads WHERE file_id > ? ORDER BY file_id LIMIT ?";

// Of one file, which need not have a row.
constexpr const char* details_of_file = "SELECT recorded.file_id IS NOT NULL, " FILESTORE_DETAILS(
    "?1") " FROM (SELECT 1) LEFT JOIN file_uploads AS recorded ON recorded.file_id = ?1";

// What the file itself says stands above what was left of it, but for one that is there because it can be had back.
constexpr const char* restore_row = R"sql(
INSERT INTO file_uploads (file_id, file_path, metadata, uploaded_at, deleted_at)
SELECT ?1, ?2, ?3, ?4, NULL WHERE NOT EXISTS (SELECT 1 FROM intents WHERE file_id = ?1)
    AND NOT EXISTS (SELECT 1 FROM soft_deleted WHERE file_id = ?1)
ON CONFLICT (file_id) DO UPDATE
SET file_path = coalesce(nullif(excluded.file_path, ''), file_uploads.file_path), metadata = excluded.metadata,
    uploaded_at = coalesce(file_uploads.uploaded_at, excluded.uploaded_at), deleted_at = NULL
WHERE file_uploads.deleted_at IS NOT NULL
)sql";

// ?3 is 1 for all. By the index stored_by_upload; behind (?1, ?2).
constexpr const char* stored_from_oldest =
    "SELECT file_id, ?3 = 1 OR instr(metadata, ?4) > 0, file_path, metadata, uploaded_at, deleted_at, "
    "checksum "
    "FROM file_uploads WHERE deleted_at IS NULL AND (uploaded_at, file_id) > (?1, ?2) "
    "ORDER BY uploaded_at, file_id LIMIT ?5";
constexpr const char* stored_from_newest =
    "SELECT file_id, ?3 = 1 OR instr(metadata, ?4) > 0, file_path, metadata, uploaded_at, deleted_at, "
    "checksum "
    "FROM file_uploads WHERE deleted_at IS NULL AND (uploaded_at, file_id) < (?1, ?2) "
    "ORDER BY uploaded_at DESC, file_id DESC LIMIT ?5";
/// Behind every time that is written in digits.
constexpr std::string_view behind_all_times = "~";

constexpr std::string_view covered_mark = "covered";
constexpr std::string_view cleaned_mark = "cleaned";
constexpr std::string_view server_mark = "audit_server";

Error damaged(const std::string& path, const std::string& row) {
    return Error(ErrorCode::corrupt, "catalogue " + filestore::quoted(path) + ": the row of " + row +
                                         " is damaged; repair that row of the catalogue, or " +
                                         advice_for_damage);
}

std::int64_t checksum_of(const Intent& intent) {
    return checksum_of_intent(intent.id.text(), name_of(intent.operation), intent.file_path,
                              intent.metadata.to_json(), format_timestamp(intent.begun_at));
}

/// Of one that is kept without path and metadata.
std::int64_t checksum_of_short(const Intent& intent) {
    return checksum_of_intent(intent.id.text(), name_of(intent.operation), "", Metadata().to_json(),
                              format_timestamp(intent.begun_at));
}

/// When a file that was removed at a time had been stored; clocks of stores may be ahead.
NullableText stored_before(std::optional<Timestamp> stored_at, Timestamp removed_at) {
    return {stored_at && *stored_at <= removed_at ? std::optional(format_timestamp(*stored_at))
                                                  : std::nullopt};
}

/// Of the row that tells of it alone.
std::int64_t checksum_of_event(const Intent& intent, const NullableText& uploaded_at,
                               const NullableText& deleted_at) {
    return checksum_of_columns(
        intent.id.text(), {intent.file_path, intent.metadata.to_json(), uploaded_at.text, deleted_at.text});
}

/// From the columns of FILESTORE_DETAILS and the one before them.
RecordDetails read_details(const FileId& id, const SqliteQuery& row) {
    return {id,
            row.number(0) != 0,
            row.number(1) != 0,
            row.number(2) != 0,
            row.number(3) != 0,
            row.number(4) != 0,
            row.number(5) != 0};
}

/// A file without a byte in which sessions were once noted. Of one that was taken away, and that another process is making anew, that is so for a moment.
bool was_emptied(const std::string& path) {
    constexpr auto moment = std::chrono::milliseconds(20);
    constexpr int moments = 50;
    for (int waited = 0; waited < moments; ++waited) {
        struct stat about = {};
        if (stat(path.c_str(), &about) != 0 || about.st_size > 0 ||
            access(Catalogue::session_file(path).c_str(), F_OK) != 0) {
            return false;
        }
        std::this_thread::sleep_for(moment);
    }
    return true;
}

/// Also on a full disk, where there is a catalogue already.
Result<SqliteConnection> open_file(const std::string& path) {
    if (was_emptied(path)) {
        return Error(ErrorCode::corrupt, "catalogue " + filestore::quoted(path) +
                                             " has lost all that was in it: it is empty; " +
                                             advice_for_damage);
    }
    SpaceReserve reserve(Catalogue::reserve_file(path));
    auto opened = open_catalogue_file(path);
    if (opened.ok()) {
        reserve.prepare();
    }
    if (opened.ok() || opened.error().code() != ErrorCode::no_space) {
        return opened;
    }
    reserve.give_some();
    return open_catalogue_file(path);
}

}  // namespace

class Catalogue::Impl {
public:
    explicit Impl(SqliteConnection connection)
        : reserve_(reserve_file(connection.path())),
          connection_(std::move(connection)),
          lock_(session_file(connection_.path())),
          outbox_(connection_) {}
    Impl(const Impl&) = delete;
    Impl& operator=(const Impl&) = delete;

    ~Impl() {
        if (forked()) {
            connection_.disown();
        } else {
            drop_reserved();
            lock_.release();
        }
    }

    Result<void> begin_upload(Intent& intent);
    /// As share_commit(), durable when it returns.
    [[nodiscard]] Result<void> share_durable_commit(const SharedCommits::Work& work) {
        return share_commit(work, Outlives::power_loss);
    }
    void note_ended(std::int64_t intent_number) { reserved_.note_ended(intent_number); }
    /// In a transaction.
    Result<std::int64_t> begin(const Intent& intent);
    /// Takes an intent away, and others of the same upload; false where it was not there any more. In a transaction.
    [[nodiscard]] Result<bool> end(const Intent& intent, bool is_new);
    /// Takes an intent away and writes its event; in a transaction.
    [[nodiscard]] Result<void> record(const Intent& intent, Timestamp at, bool is_new);
    Result<void> begin_removals(std::vector<Intent>& intents, Timestamp uploaded_before,
                                Timestamp unchanged_since);
    Result<void> begin_purges(std::vector<Intent>& intents, Timestamp due);
    Result<void> end_removals(const std::vector<Intent>& done, const std::vector<Intent>& undone,
                              Timestamp at);
    Result<std::vector<RecordedUpload>> uploaded_before(Timestamp before, const RecordedUpload& after,
                                                        std::size_t most);
    Result<StoredRowsPage> stored_rows(const StoredRowsRequest& request);
    Result<std::vector<RecordState>> states_of(const std::vector<FileId>& ids);
    Result<std::vector<RecordDetails>> details_after(const FileId& after, std::size_t most);
    Result<std::vector<RecordDetails>> details_of(const std::vector<FileId>& ids);
    Result<std::vector<bool>> restore(const std::vector<CatalogueRow>& rows, Timestamp now);
    Result<std::optional<Timestamp>> covered_at();
    Result<void> note_covered(Timestamp at);
    Result<std::optional<Timestamp>> cleaned_at();
    Result<void> note_cleaned(Timestamp at);
    Result<void> turn_into_undo(std::int64_t intent_number, Timestamp at);
    Result<void> abandon(std::int64_t intent_number);
    Result<std::vector<Intent>> stale_intents();
    Result<void> leave(std::int64_t intent_number);
    Result<CatalogueRow> row(const FileId& id);
    Result<std::vector<FileId>> stored_after(const FileId& after, std::size_t most);
    Result<bool> is_stored(const FileId& id);
    Result<void> use_outbox(const std::function<Result<void>(Outbox&)>& work);
    Result<void> read_outbox(const std::function<Result<void>(Outbox&)>& work);
    /// In a transaction.
    Result<void> work_on_soft_deletions(const std::function<Result<void>(SoftDeletions&)>& work);
    Result<void> read_soft_deletions(const std::function<Result<void>(SoftDeletions&)>& work);
    Result<void> use_sent_copies(const std::function<Result<void>(SentCopies&)>& work);
    Result<void> read_sent_copies(const std::function<Result<void>(SentCopies&)>& work);
    Result<void> note_server();
    Result<std::uint64_t> forget_server();
    [[nodiscard]] const std::string& path() const noexcept { return connection_.path(); }

    /// Runs `work` alone, unless this process is a child of the one that opened the catalogue.
    template <class Work>
    auto exclusively(Work work) -> std::invoke_result_t<Work> {
        FILESTORE_TRY(check_process());
        const std::lock_guard guard(mutex_);
        const ForkBarrier barrier;
        FILESTORE_TRY(connection_.end_what_is_left());
        FILESTORE_TRY(set_durable(true));
        return work();
    }

    /// Runs `work` alone in a transaction, which it shares with what other threads write meanwhile.
    [[nodiscard]] Result<void> share_commit(const SharedCommits::Work& work,
                                            Outlives outlives = Outlives::process) {
        FILESTORE_TRY(check_process());
        return commits_.run(work, outlives);
    }

    /// For what makes room on the disk, or ends what was begun: where the disk is full `work`, which runs in a transaction, is done in the space that is kept for it.
    template <class Work>
    auto with_reserve(Work work) -> std::invoke_result_t<Work> {
        auto result = work();
        const auto is_full = [&] { return !result.ok() && result.error().code() == ErrorCode::no_space; };
        if (!is_full()) {
            reserve_.prepare();
            return result;
        }
        reserve_.give_some();
        free_log();
        result = work();
        if (is_full()) {
            reserve_.give_all();
            result = work();
        }
        free_log();
        reserve_.take_back();
        return result;
    }

    template <class Work>
    auto exclusively_with_reserve(Work work) -> std::invoke_result_t<Work> {
        return with_reserve([&] { return exclusively(work); });
    }

private:
    [[nodiscard]] Result<void> check_process() const {
        if (forked()) {
            return Error(ErrorCode::forked, "catalogue " + filestore::quoted(connection_.path()) +
                                                " was opened before fork; open it again in the child");
        }
        return {};
    }
    [[nodiscard]] bool forked() const noexcept { return getpid() != owner_process_; }
    /// What is in the write-ahead log goes where it belongs, and its blocks to the file system. It may fail, as while another process reads.
    void free_log() {
        static_cast<void>(exclusively([this] { return connection_.run("PRAGMA wal_checkpoint(TRUNCATE)"); }));
    }

    template <class Work>
    auto in_transaction(Work work) -> std::invoke_result_t<Work>;
    [[nodiscard]] Result<void> check_in_place() const;
    /// Whether the next transactions wait for the disk. Outside of a transaction.
    [[nodiscard]] Result<void> set_durable(bool is_durable);
    [[nodiscard]] Result<void> commit_together(const SharedCommits::Work& all, Outlives outlives);
    [[nodiscard]] Result<void> reserve(std::size_t count, std::vector<ReservedIntent>& reserved);
    [[nodiscard]] Result<void> drop(const std::vector<ReservedIntent>& reserved);
    void drop_reserved() noexcept;
    [[nodiscard]] Result<std::string> upload_time_of(const FileId& id);
    [[nodiscard]] Result<std::optional<Timestamp>> time_of_mark(std::string_view name);
    [[nodiscard]] Result<void> set_mark(std::string_view name, Timestamp at);
    [[nodiscard]] Result<std::int64_t> own_session();
    [[nodiscard]] Result<std::int64_t> take_session();
    [[nodiscard]] Result<void> forget_sessions(const std::vector<std::int64_t>& dead);
    [[nodiscard]] Result<std::vector<std::int64_t>> numbers(const char* sql, std::int64_t parameter);
    [[nodiscard]] Result<void> claim(std::int64_t dead_session, std::vector<Intent>& claimed);

    /// Before the connection, whose files are free when it is closed.
    SpaceReserve reserve_;
    SqliteConnection connection_;
    SessionLock lock_;
    Outbox outbox_;
    /// 0 until the first begin(): a catalogue that is only read takes no session.
    std::int64_t session_ = 0;
    /// Numbers only grow: what this session begins itself has a larger one.
    std::int64_t last_inherited_ = 0;
    std::mutex mutex_;
    /// As the file is opened.
    bool is_durable_ = true;
    ReservedIntents reserved_;
    SharedCommits commits_{[this](const SharedCommits::Work& all, Outlives outlives) -> Result<void> {
        const std::lock_guard guard(mutex_);
        const ForkBarrier barrier;
        FILESTORE_TRY(connection_.end_what_is_left());
        return commit_together(all, outlives);
    }};
    const pid_t owner_process_ = getpid();
};

template <class Work>
auto Catalogue::Impl::in_transaction(Work work) -> std::invoke_result_t<Work> {
    const std::int64_t session_before = session_;
    SqliteTransaction transaction(connection_);
    FILESTORE_TRY(transaction.begin());
    FILESTORE_TRY(check_in_place());
    auto result = work();
    Result<void> committed = result.ok() ? transaction.commit() : Result<void>();
    if (result.ok() && committed.ok()) {
        return result;
    }
    if (session_ != session_before) {
        // Its row is rolled back, so another process may be given the same number.
        lock_.release();
        session_ = session_before;
    }
    if (!committed.ok()) {
        return committed.error();
    }
    return result;
}

/// What is written to a file that nobody can open any more is lost.
Result<void> Catalogue::Impl::check_in_place() const {
    if (connection_.has_moved()) {
        return Error(ErrorCode::io, "catalogue " + filestore::quoted(path()) +
                                        " was removed or replaced while it was in use: nothing is recorded "
                                        "before whoever uses it is started again");
    }
    return {};
}

Result<void> Catalogue::Impl::begin_upload(Intent& intent) {
    FILESTORE_TRY(check_process());
    if (const auto reserved = reserved_.take()) {
        intent.id = reserved->id;
        intent.number = reserved->number;
        return {};
    }
    FILESTORE_TRY_ASSIGN(intent.id, FileId::generate());
    FILESTORE_TRY(share_durable_commit([&]() -> Result<void> {
        FILESTORE_TRY_ASSIGN(intent.number, begin(intent));
        return {};
    }));
    reserved_.note_begun(intent.number);
    return {};
}

Result<void> Catalogue::Impl::set_durable(bool is_durable) {
    if (is_durable != is_durable_) {
        FILESTORE_TRY(connection_.execute_script(is_durable ? "PRAGMA synchronous = FULL"
                                                            : "PRAGMA synchronous = NORMAL"));
        is_durable_ = is_durable;
    }
    return {};
}

/// In one transaction, which also sees to it that the next uploads find their intents durable.
Result<void> Catalogue::Impl::commit_together(const SharedCommits::Work& all, Outlives outlives) {
    const std::size_t missing = reserved_.missing();
    reserved_.make_room(missing);
    FILESTORE_TRY(set_durable(missing > 0 || outlives == Outlives::power_loss));
    const std::vector<ReservedIntent> unwanted = reserved_.take_unwanted();
    std::vector<ReservedIntent> made;
    auto committed = in_transaction([&]() -> Result<void> {
        FILESTORE_TRY(all());
        FILESTORE_TRY(drop(unwanted));
        return reserve(missing, made);
    });
    reserved_.add(committed.ok() ? made : unwanted);
    return committed;
}

Result<void> Catalogue::Impl::reserve(std::size_t count, std::vector<ReservedIntent>& reserved) {
    Intent intent;
    intent.begun_at = system_clock()->now();
    for (std::size_t i = 0; i < count; ++i) {
        FILESTORE_TRY_ASSIGN(intent.id, FileId::generate());
        FILESTORE_TRY_ASSIGN(const std::int64_t number, begin(intent));
        reserved.push_back({number, intent.id});
    }
    return {};
}

Result<void> Catalogue::Impl::drop(const std::vector<ReservedIntent>& reserved) {
    for (const ReservedIntent& intent : reserved) {
        FILESTORE_TRY(abandon(intent.number));
    }
    return {};
}

/// Where that fails, the next process finds no files of theirs.
void Catalogue::Impl::drop_reserved() noexcept {
    const std::vector<ReservedIntent> reserved = reserved_.take_all();
    if (reserved.empty()) {
        return;
    }
    try {
        static_cast<void>(in_transaction([&] { return drop(reserved); }));
    } catch (const std::bad_alloc&) {
        return;
    }
}

Result<std::int64_t> Catalogue::Impl::begin(const Intent& intent) {
    FILESTORE_TRY_ASSIGN(const std::int64_t session, own_session());
    FILESTORE_TRY(connection_.run(
        "INSERT INTO intents (session, file_id, operation, file_path, metadata, begun_at, checksum) "
        "VALUES (?, ?, ?, ?, ?, ?, ?)",
        session, intent.id.text(), name_of(intent.operation), intent.file_path, intent.metadata.to_json(),
        format_timestamp(intent.begun_at), checksum_of(intent)));
    return connection_.last_inserted();
}

Result<bool> Catalogue::Impl::end(const Intent& intent, bool is_new) {
    FILESTORE_TRY(connection_.run("DELETE FROM intents WHERE number = ? AND file_id = ?", intent.number,
                                  intent.id.text()));
    const bool was_open = connection_.changed_rows() > 0;
    if (intent.operation == Operation::upload && (intent.is_shared || !is_new)) {
        FILESTORE_TRY(connection_.run("DELETE FROM intents WHERE file_id = ? AND operation = ?",
                                      intent.id.text(), name_of(Operation::upload)));
    }
    return was_open;
}

Result<void> Catalogue::Impl::record(const Intent& intent, Timestamp at, bool is_new) {
    FILESTORE_TRY_ASSIGN(const bool was_open, end(intent, is_new));
    const bool is_upload = intent.operation == Operation::upload;
    const std::int64_t is_of_now{is_new && was_open};
    const std::string metadata = intent.metadata.to_json();
    const NullableText time{format_timestamp(at)};
    std::int64_t checksum = 0;
    if (is_upload) {
        checksum = checksum_of_event(intent, time, {});
        FILESTORE_TRY(connection_.run(record_upload, intent.id.text(), intent.file_path, metadata, time,
                                      is_of_now, checksum));
    } else {
        const NullableText stored_at = stored_before(intent.stored_at, at);
        FILESTORE_TRY(connection_.run(record_removal, intent.id.text(), intent.file_path, metadata, time,
                                      is_of_now, checksum_of_event(intent, stored_at, time), stored_at));
    }
    const bool has_changed = connection_.changed_rows() > 0;
    if (!is_upload) {
        // The bytes are gone.
        FILESTORE_TRY(connection_.run("DELETE FROM soft_deleted WHERE file_id = ?", intent.id.text()));
    }
    if (!has_changed) {
        return {};
    }
    return is_upload && was_open ? outbox_.seal_upload(intent.id.text(), checksum)
                                 : outbox_.seal(intent.id.text(), false);
}

Result<void> Catalogue::Impl::use_outbox(const std::function<Result<void>(Outbox&)>& work) {
    return in_transaction([&] { return work(outbox_); });
}

Result<void> Catalogue::Impl::read_outbox(const std::function<Result<void>(Outbox&)>& work) {
    SqliteTransaction transaction(connection_);
    FILESTORE_TRY(transaction.begin_reading());
    FILESTORE_TRY(work(outbox_));
    return transaction.commit();
}

Result<void> Catalogue::Impl::work_on_soft_deletions(
    const std::function<Result<void>(SoftDeletions&)>& work) {
    SoftDeletions deletions(connection_, outbox_, session_, last_inherited_);
    return work(deletions);
}

Result<void> Catalogue::Impl::read_soft_deletions(const std::function<Result<void>(SoftDeletions&)>& work) {
    SqliteTransaction transaction(connection_);
    FILESTORE_TRY(transaction.begin_reading());
    FILESTORE_TRY(work_on_soft_deletions(work));
    return transaction.commit();
}

Result<void> Catalogue::Impl::use_sent_copies(const std::function<Result<void>(SentCopies&)>& work) {
    return in_transaction([&]() -> Result<void> {
        FILESTORE_TRY_ASSIGN(const std::int64_t session, own_session());
        SentCopies copies(connection_, lock_, session);
        return work(copies);
    });
}

Result<void> Catalogue::Impl::read_sent_copies(const std::function<Result<void>(SentCopies&)>& work) {
    SqliteTransaction transaction(connection_);
    FILESTORE_TRY(transaction.begin_reading());
    SentCopies copies(connection_, lock_, session_);
    FILESTORE_TRY(work(copies));
    return transaction.commit();
}

/// Writes only where the mark is not there yet.
Result<void> Catalogue::Impl::note_server() {
    FILESTORE_TRY_ASSIGN(const auto noted_at, time_of_mark(server_mark));
    return noted_at ? Result<void>() : set_mark(server_mark, system_clock()->now());
}

Result<std::uint64_t> Catalogue::Impl::forget_server() {
    return in_transaction([&]() -> Result<std::uint64_t> {
        FILESTORE_TRY(connection_.run("DELETE FROM marks WHERE name = ?", server_mark));
        return outbox_.drop();
    });
}

Result<void> Catalogue::Impl::begin_removals(std::vector<Intent>& intents, Timestamp uploaded_before,
                                             Timestamp unchanged_since) {
    return in_transaction([&]() -> Result<void> {
        FILESTORE_TRY_ASSIGN(const std::int64_t session, own_session());
        for (Intent& intent : intents) {
            FILESTORE_TRY(connection_.run(
                begin_removal, session, last_inherited_, intent.id.text(), name_of(Operation::removal),
                intent.file_path, intent.metadata.to_json(), format_timestamp(intent.begun_at),
                format_timestamp(uploaded_before), format_timestamp(unchanged_since), checksum_of(intent),
                checksum_of_short(intent)));
            intent.number = connection_.changed_rows() > 0 ? connection_.last_inserted() : 0;
        }
        return {};
    });
}

Result<void> Catalogue::Impl::begin_purges(std::vector<Intent>& intents, Timestamp due) {
    return in_transaction([&]() -> Result<void> {
        FILESTORE_TRY_ASSIGN(const std::int64_t session, own_session());
        for (Intent& intent : intents) {
            FILESTORE_TRY(connection_.run(begin_purge, session, last_inherited_, intent.id.text(),
                                          name_of(Operation::removal), intent.file_path,
                                          intent.metadata.to_json(), format_timestamp(intent.begun_at),
                                          format_timestamp(due), checksum_of(intent)));
            intent.number = connection_.changed_rows() > 0 ? connection_.last_inserted() : 0;
        }
        return {};
    });
}

Result<void> Catalogue::Impl::end_removals(const std::vector<Intent>& done, const std::vector<Intent>& undone,
                                           Timestamp at) {
    return in_transaction([&]() -> Result<void> {
        for (const Intent& intent : done) {
            FILESTORE_TRY(record(intent, at, true));
        }
        for (const Intent& intent : undone) {
            FILESTORE_TRY(abandon(intent.number));
        }
        return {};
    });
}

Result<void> Catalogue::Impl::turn_into_undo(std::int64_t intent_number, Timestamp at) {
    const std::string begun_at = format_timestamp(at);
    std::int64_t checksum = unsealed_intent;
    {
        FILESTORE_TRY_ASSIGN(
            SqliteQuery row,
            connection_.query("SELECT file_id, file_path, metadata FROM intents WHERE number = ?",
                              intent_number));
        FILESTORE_TRY_ASSIGN(const bool found, row.next());
        checksum = found ? checksum_of_intent(row.text(0), name_of(Operation::undo), row.text(1), row.text(2),
                                              begun_at)
                         : checksum;
    }
    return connection_.run("UPDATE intents SET operation = ?, begun_at = ?, checksum = ? WHERE number = ?",
                           name_of(Operation::undo), begun_at, checksum, intent_number);
}

Result<void> Catalogue::Impl::abandon(std::int64_t intent_number) {
    return connection_.run("DELETE FROM intents WHERE number = ?", intent_number);
}

Result<std::vector<Intent>> Catalogue::Impl::stale_intents() {
    FILESTORE_TRY_ASSIGN(const auto others,
                         numbers("SELECT DISTINCT session FROM intents WHERE session <> ?", session_));
    // A session that is dead stays dead, as numbers are never given twice: the answer holds in the transaction below.
    FILESTORE_TRY_ASSIGN(const auto dead, lock_.dead_among(others));
    if (dead.empty()) {
        return std::vector<Intent>();
    }
    // Of several processes that recover at once, the first to get here makes the intents its own.
    return in_transaction([&]() -> Result<std::vector<Intent>> {
        std::vector<Intent> claimed;
        FILESTORE_TRY(own_session());
        for (const std::int64_t session : dead) {
            FILESTORE_TRY(claim(session, claimed));
        }
        FILESTORE_TRY(forget_sessions(dead));
        return claimed;
    });
}

Result<void> Catalogue::Impl::claim(std::int64_t dead_session, std::vector<Intent>& claimed) {
    const bool was_left = dead_session == left_session;
    std::int64_t last = 0;
    FILESTORE_TRY_ASSIGN(
        SqliteQuery row,
        connection_.query("SELECT number, session, file_id, operation, file_path, metadata, begun_at, "
                          "checksum FROM intents "
                          "WHERE session = ? ORDER BY number LIMIT ?",
                          dead_session,
                          was_left ? std::int64_t{most_left} : std::numeric_limits<std::int64_t>::max()));
    for (;;) {
        FILESTORE_TRY_ASSIGN(const bool found, row.next());
        if (!found) {
            break;
        }
        auto intent = read_intent(row, 0);
        if (!intent) {
            return damaged(connection_.path(), "intent " + std::to_string(row.number(0)));
        }
        last = intent->number;
        // Removals that this process has begun since are somebody's work.
        last_inherited_ = std::max(last_inherited_, was_left ? 0 : last);
        claimed.push_back(std::move(*intent));
    }
    return connection_.run("UPDATE intents SET session = ? WHERE session = ? AND number <= ?", session_,
                           dead_session, last);
}

Result<void> Catalogue::Impl::leave(std::int64_t intent_number) {
    return connection_.run("UPDATE intents SET session = ? WHERE number = ? AND session = ?", left_session,
                           intent_number, session_);
}

Result<CatalogueRow> Catalogue::Impl::row(const FileId& id) {
    FILESTORE_TRY_ASSIGN(SqliteQuery row,
                         connection_.query("SELECT file_path, metadata, uploaded_at, deleted_at, checksum "
                                           "FROM file_uploads WHERE file_id = ?",
                                           id.text()));
    FILESTORE_TRY_ASSIGN(const bool found, row.next());
    if (!found) {
        return Error(ErrorCode::not_found, "catalogue " + filestore::quoted(connection_.path()) +
                                               " has no row of file " + id.str());
    }
    auto answer = read_catalogue_row(id, row, 0);
    if (!answer || !is_as_sealed(id.text(), row, 0, 4)) {
        return damaged(connection_.path(), "file " + id.str());
    }
    return std::move(*answer);
}

Result<std::vector<FileId>> Catalogue::Impl::stored_after(const FileId& after, std::size_t most) {
    FILESTORE_TRY_ASSIGN(
        SqliteQuery row,
        connection_.query(
            "SELECT file_id FROM file_uploads WHERE file_id > ? AND uploaded_at IS NOT NULL AND "
            "deleted_at IS NULL AND file_id NOT IN (SELECT file_id FROM intents) "
            "ORDER BY file_id LIMIT ?",
            after.text(), static_cast<std::int64_t>(most)));
    std::vector<FileId> stored;
    for (;;) {
        FILESTORE_TRY_ASSIGN(const bool found, row.next());
        if (!found) {
            return stored;
        }
        const auto id = FileId::parse(row.text(0));
        if (!id.ok()) {
            return damaged(connection_.path(), "file " + filestore::quoted(row.text(0)));
        }
        stored.push_back(*id);
    }
}

Result<bool> Catalogue::Impl::is_stored(const FileId& id) {
    FILESTORE_TRY_ASSIGN(
        SqliteQuery row,
        connection_.query(
            "SELECT 1 FROM file_uploads WHERE file_id = ?1 AND uploaded_at IS NOT NULL AND deleted_at "
            "IS NULL AND NOT EXISTS (SELECT 1 FROM intents WHERE file_id = ?1)",
            id.text()));
    return row.next();
}

Result<std::vector<RecordedUpload>> Catalogue::Impl::uploaded_before(Timestamp before,
                                                                     const RecordedUpload& after,
                                                                     std::size_t most) {
    FILESTORE_TRY_ASSIGN(SqliteQuery row,
                         connection_.query(uploads_before, session_, last_inherited_,
                                           format_timestamp(before), format_timestamp(after.uploaded_at),
                                           after.id.text(), static_cast<std::int64_t>(most)));
    std::vector<RecordedUpload> uploads;
    for (;;) {
        FILESTORE_TRY_ASSIGN(const bool found, row.next());
        if (!found) {
            return uploads;
        }
        const auto id = FileId::parse(row.text(0));
        const auto uploaded_at = parse_timestamp(row.text(1));
        if (!id.ok() || !uploaded_at.ok()) {
            return damaged(connection_.path(), "file " + filestore::quoted(row.text(0)));
        }
        uploads.push_back({*id, *uploaded_at});
    }
}

/// As its row has it, which need not be whole.
Result<std::string> Catalogue::Impl::upload_time_of(const FileId& id) {
    FILESTORE_TRY_ASSIGN(
        SqliteQuery row,
        connection_.query(
            "SELECT uploaded_at FROM file_uploads WHERE file_id = ? AND uploaded_at IS NOT NULL", id.text()));
    FILESTORE_TRY_ASSIGN(const bool found, row.next());
    if (!found) {
        return Error(ErrorCode::not_found, "catalogue " + filestore::quoted(connection_.path()) +
                                               " does not know the upload of file " + id.str());
    }
    return row.text(0);
}

Result<StoredRowsPage> Catalogue::Impl::stored_rows(const StoredRowsRequest& request) {
    const std::string first(request.newest_first ? behind_all_times : "");
    std::string time = first;
    if (request.behind) {
        FILESTORE_TRY_ASSIGN(time, upload_time_of(*request.behind));
    }
    FILESTORE_TRY_ASSIGN(SqliteQuery row,
                         connection_.query(request.newest_first ? stored_from_newest : stored_from_oldest,
                                           time, request.behind ? request.behind->str() : first,
                                           static_cast<std::int64_t>(request.key.empty()),
                                           '"' + request.key + '"', static_cast<std::int64_t>(request.most)));
    StoredRowsPage page;
    std::size_t looked_at = 0;
    for (;;) {
        FILESTORE_TRY_ASSIGN(const bool found, row.next());
        if (!found) {
            break;
        }
        ++looked_at;
        const auto id = FileId::parse(row.text(0));
        if (!id.ok()) {
            continue;
        }
        page.last = *id;
        auto read = row.number(1) != 0 ? read_catalogue_row(*id, row, 2) : std::nullopt;
        if (read && is_as_sealed(id->text(), row, 2, 6)) {
            page.rows.push_back(std::move(*read));
        }
    }
    if (looked_at < request.most) {
        page.last.reset();
    }
    return page;
}

Result<std::vector<RecordState>> Catalogue::Impl::states_of(const std::vector<FileId>& ids) {
    std::vector<RecordState> states;
    states.reserve(ids.size());
    for (const FileId& id : ids) {
        FILESTORE_TRY_ASSIGN(SqliteQuery row,
                             connection_.query(state_of, session_, last_inherited_, id.text()));
        FILESTORE_TRY(row.next());
        states.push_back({row.number(0) != 0, row.number(1) != 0, row.number(2) != 0, row.number(3) != 0});
    }
    return states;
}

Result<std::vector<RecordDetails>> Catalogue::Impl::details_after(const FileId& after, std::size_t most) {
    FILESTORE_TRY_ASSIGN(SqliteQuery row,
                         connection_.query(details_behind, after.text(), static_cast<std::int64_t>(most)));
    std::vector<RecordDetails> details;
    for (;;) {
        FILESTORE_TRY_ASSIGN(const bool found, row.next());
        if (!found) {
            return details;
        }
        const auto id = FileId::parse(row.text(6));
        if (!id.ok()) {
            return damaged(connection_.path(), "file " + filestore::quoted(row.text(6)));
        }
        details.push_back(read_details(*id, row));
    }
}

Result<std::vector<RecordDetails>> Catalogue::Impl::details_of(const std::vector<FileId>& ids) {
    SqliteTransaction transaction(connection_);
    FILESTORE_TRY(transaction.begin_reading());
    std::vector<RecordDetails> details;
    details.reserve(ids.size());
    for (const FileId& id : ids) {
        FILESTORE_TRY_ASSIGN(SqliteQuery row, connection_.query(details_of_file, id.text()));
        FILESTORE_TRY(row.next());
        details.push_back(read_details(id, row));
    }
    FILESTORE_TRY(transaction.commit());
    return details;
}

Result<std::vector<bool>> Catalogue::Impl::restore(const std::vector<CatalogueRow>& rows, Timestamp now) {
    return in_transaction([&]() -> Result<std::vector<bool>> {
        std::vector<bool> restored;
        for (const CatalogueRow& row : rows) {
            const Timestamp uploaded_at = row.uploaded_at.value_or(Timestamp());
            FILESTORE_TRY(connection_.run(restore_row, row.id.text(), row.file_path, row.metadata.to_json(),
                                          format_timestamp(uploaded_at)));
            restored.push_back(connection_.changed_rows() > 0);
            if (restored.back()) {
                FILESTORE_TRY(outbox_.note_happened(row.id.text(), now));
                FILESTORE_TRY(outbox_.seal(row.id.text(), false));
            }
        }
        return restored;
    });
}

Result<std::optional<Timestamp>> Catalogue::Impl::time_of_mark(std::string_view name) {
    FILESTORE_TRY_ASSIGN(SqliteQuery row, connection_.query("SELECT at FROM marks WHERE name = ?", name));
    FILESTORE_TRY_ASSIGN(const bool found, row.next());
    std::optional<Timestamp> at;
    if (found && !read_time(row, 0, at)) {
        return damaged(connection_.path(), "mark " + std::string(name));
    }
    return at;
}

Result<void> Catalogue::Impl::set_mark(std::string_view name, Timestamp at) {
    return connection_.run(
        "INSERT INTO marks (name, at) VALUES (?, ?) "
        "ON CONFLICT (name) DO UPDATE SET at = excluded.at",
        name, format_timestamp(at));
}

Result<std::optional<Timestamp>> Catalogue::Impl::covered_at() {
    return time_of_mark(covered_mark);
}

Result<void> Catalogue::Impl::note_covered(Timestamp at) {
    return set_mark(covered_mark, at);
}

Result<std::optional<Timestamp>> Catalogue::Impl::cleaned_at() {
    return time_of_mark(cleaned_mark);
}

Result<void> Catalogue::Impl::note_cleaned(Timestamp at) {
    return set_mark(cleaned_mark, at);
}

Result<std::int64_t> Catalogue::Impl::own_session() {
    if (session_ == 0) {
        FILESTORE_TRY_ASSIGN(session_, take_session());
    }
    return session_;
}

Result<std::int64_t> Catalogue::Impl::take_session() {
    FILESTORE_TRY_ASSIGN(const auto others, numbers("SELECT number FROM sessions WHERE number <> ?", 0));
    FILESTORE_TRY_ASSIGN(const auto dead, lock_.dead_among(others));
    FILESTORE_TRY(forget_sessions(dead));
    for (;;) {
        FILESTORE_TRY(connection_.run("INSERT INTO sessions DEFAULT VALUES"));
        const std::int64_t session = connection_.last_inserted();
        // Held already where the catalogue was replaced by a backup that does not know the newest sessions.
        FILESTORE_TRY_ASSIGN(const bool taken, lock_.take(session));
        if (taken) {
            return session;
        }
    }
}

Result<void> Catalogue::Impl::forget_sessions(const std::vector<std::int64_t>& dead) {
    for (const std::int64_t session : dead) {
        FILESTORE_TRY(
            connection_.run("DELETE FROM sessions WHERE number = ?1 AND NOT EXISTS (SELECT 1 FROM intents "
                            "WHERE session = ?1)",
                            session));
    }
    return {};
}

Result<std::vector<std::int64_t>> Catalogue::Impl::numbers(const char* sql, std::int64_t parameter) {
    FILESTORE_TRY_ASSIGN(SqliteQuery row, connection_.query(sql, parameter));
    std::vector<std::int64_t> found;
    for (;;) {
        FILESTORE_TRY_ASSIGN(const bool more, row.next());
        if (!more) {
            return found;
        }
        found.push_back(row.number(0));
    }
}

std::string Catalogue::reserve_file(const std::string& path) {
    return path + ".reserve";
}

std::string Catalogue::session_file(const std::string& path) {
    return path + ".sessions";
}

Result<std::unique_ptr<Catalogue>> Catalogue::open(const std::string& path, const CatalogueOptions& options) {
    if (path.empty() || path.find('\0') != std::string::npos) {
        return Error(ErrorCode::invalid_argument,
                     "the catalogue's path " + filestore::quoted(path) + " names no file");
    }
    std::error_code failure;
    const std::filesystem::path absolute = std::filesystem::absolute(path, failure);
    if (failure) {
        return Error(ErrorCode::io, "cannot tell the working directory for catalogue " +
                                        filestore::quoted(path) + "; give an absolute path");
    }
    const ForkBarrier barrier;
    FILESTORE_TRY_ASSIGN(SqliteConnection connection, open_file(absolute.native()));
    auto impl = std::make_unique<Impl>(std::move(connection));
    if (options.has_server) {
        FILESTORE_TRY(impl->note_server());
    }
    return std::unique_ptr<Catalogue>(new Catalogue(std::move(impl)));
}

Catalogue::Catalogue(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Catalogue::~Catalogue() {
    const ForkBarrier barrier;
    impl_.reset();
}

Result<void> Catalogue::begin_upload(Intent& intent) {
    return impl_->begin_upload(intent);
}

Result<std::int64_t> Catalogue::begin(const Intent& intent) {
    std::int64_t number = 0;
    const auto begin = [&] {
        return impl_->share_durable_commit([&]() -> Result<void> {
            FILESTORE_TRY_ASSIGN(number, impl_->begin(intent));
            return {};
        });
    };
    FILESTORE_TRY(intent.operation == Operation::removal ? impl_->with_reserve(begin) : begin());
    return number;
}

Result<void> Catalogue::complete(const Intent& intent, Timestamp at) {
    const auto record = [&] { return impl_->record(intent, at, true); };
    auto recorded = intent.operation == Operation::upload
                        ? impl_->share_commit(record)
                        : impl_->with_reserve([&] { return impl_->share_durable_commit(record); });
    if (recorded.ok()) {
        impl_->note_ended(intent.number);
    }
    return recorded;
}

Result<void> Catalogue::complete_found(const Intent& intent, Timestamp at) {
    FILESTORE_TRY(impl_->with_reserve([&] {
        return impl_->share_durable_commit(
            [&] { return impl_->record(intent, at, intent.operation != Operation::upload); });
    }));
    impl_->note_ended(intent.number);
    return {};
}

Result<void> Catalogue::begin_removals(std::vector<Intent>& intents, Timestamp uploaded_before,
                                       Timestamp unchanged_since) {
    return impl_->exclusively_with_reserve(
        [&] { return impl_->begin_removals(intents, uploaded_before, unchanged_since); });
}

Result<void> Catalogue::begin_purges(std::vector<Intent>& intents, Timestamp due) {
    return impl_->exclusively_with_reserve([&] { return impl_->begin_purges(intents, due); });
}

Result<void> Catalogue::end_removals(const std::vector<Intent>& done, const std::vector<Intent>& undone,
                                     Timestamp at) {
    return impl_->exclusively_with_reserve([&] { return impl_->end_removals(done, undone, at); });
}

Result<std::vector<RecordedUpload>> Catalogue::uploaded_before(Timestamp before, const RecordedUpload& after,
                                                               std::size_t most) {
    return impl_->exclusively([&] { return impl_->uploaded_before(before, after, most); });
}

Result<StoredRowsPage> Catalogue::stored_rows(const StoredRowsRequest& request) {
    return impl_->exclusively([&] { return impl_->stored_rows(request); });
}

Result<std::vector<RecordState>> Catalogue::states_of(const std::vector<FileId>& ids) {
    return impl_->exclusively([&] { return impl_->states_of(ids); });
}

Result<std::vector<RecordDetails>> Catalogue::details_after(const FileId& after, std::size_t most) {
    return impl_->exclusively([&] { return impl_->details_after(after, most); });
}

Result<std::vector<RecordDetails>> Catalogue::details_of(const std::vector<FileId>& ids) {
    return impl_->exclusively([&] { return impl_->details_of(ids); });
}

Result<std::vector<bool>> Catalogue::restore(const std::vector<CatalogueRow>& rows, Timestamp now) {
    return impl_->exclusively([&] { return impl_->restore(rows, now); });
}

Result<std::optional<Timestamp>> Catalogue::covered_at() {
    return impl_->exclusively([&] { return impl_->covered_at(); });
}

Result<void> Catalogue::note_covered(Timestamp at) {
    return impl_->exclusively_with_reserve([&] { return impl_->note_covered(at); });
}

Result<std::optional<Timestamp>> Catalogue::cleaned_at() {
    return impl_->exclusively([&] { return impl_->cleaned_at(); });
}

Result<void> Catalogue::note_cleaned(Timestamp at) {
    return impl_->exclusively_with_reserve([&] { return impl_->note_cleaned(at); });
}

Result<void> Catalogue::turn_into_undo(std::int64_t intent_number, Timestamp at) {
    impl_->note_ended(intent_number);
    return impl_->exclusively_with_reserve([&] { return impl_->turn_into_undo(intent_number, at); });
}

Result<void> Catalogue::abandon(std::int64_t intent_number) {
    impl_->note_ended(intent_number);
    return impl_->exclusively_with_reserve([&] { return impl_->abandon(intent_number); });
}

Result<void> Catalogue::leave(std::int64_t intent_number) {
    return impl_->exclusively([&] { return impl_->leave(intent_number); });
}

Result<std::vector<Intent>> Catalogue::stale_intents() {
    return impl_->exclusively_with_reserve([&] { return impl_->stale_intents(); });
}

Result<CatalogueRow> Catalogue::row(const FileId& id) {
    return impl_->exclusively([&] { return impl_->row(id); });
}

Result<std::vector<FileId>> Catalogue::stored_after(const FileId& after, std::size_t most) {
    return impl_->exclusively([&] { return impl_->stored_after(after, most); });
}

Result<bool> Catalogue::is_stored(const FileId& id) {
    return impl_->exclusively([&] { return impl_->is_stored(id); });
}

Result<void> Catalogue::use_outbox(const std::function<Result<void>(Outbox&)>& work) {
    return impl_->exclusively([&] { return impl_->use_outbox(work); });
}

Result<void> Catalogue::read_outbox(const std::function<Result<void>(Outbox&)>& work) {
    return impl_->exclusively([&] { return impl_->read_outbox(work); });
}

Result<void> Catalogue::use_soft_deletions(const std::function<Result<void>(SoftDeletions&)>& work) {
    return impl_->share_durable_commit([&] { return impl_->work_on_soft_deletions(work); });
}

Result<void> Catalogue::read_soft_deletions(const std::function<Result<void>(SoftDeletions&)>& work) {
    return impl_->exclusively([&] { return impl_->read_soft_deletions(work); });
}

Result<void> Catalogue::use_sent_copies(const std::function<Result<void>(SentCopies&)>& work) {
    return impl_->exclusively([&] { return impl_->use_sent_copies(work); });
}

Result<void> Catalogue::read_sent_copies(const std::function<Result<void>(SentCopies&)>& work) {
    return impl_->exclusively([&] { return impl_->read_sent_copies(work); });
}

Result<std::uint64_t> Catalogue::forget_server() {
    return impl_->exclusively([&] { return impl_->forget_server(); });
}

const std::string& Catalogue::path() const noexcept {
    return impl_->path();
}

}  // namespace filestore
