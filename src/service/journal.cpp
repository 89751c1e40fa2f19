#include "service/journal.h"

#include <unistd.h>

#include <algorithm>
#include <new>
#include <utility>

#include "core/try.h"
#include "core/upload_record.h"
#include "filestore/resumable_store.h"
#include "service/catalogue_path.h"

namespace filestore {

namespace {

/// How long one step of settling an intent may wait for the backend.
constexpr std::chrono::seconds settle_limit{5};

/// A request whose answer was lost may still be carried out for a while.
constexpr std::chrono::seconds settled_after{60};
/// The file of an upload that failed is looked for so long, in growing intervals: a large one may take a server minutes.
constexpr std::chrono::hours looked_for{1};

/// How long an operation in strict mode waits for the audit server.
constexpr std::chrono::seconds strict_limit{30};

Error not_delivered(const std::string& what_is_done, const Error& reason) {
    ErrorDetails details = reason.details();
    details.retryable = false;
    return Error(ErrorCode::not_delivered,
                 what_is_done + ", but the audit server has not been told; that stays noted: " +
                     std::string(reason.message()),
                 std::move(details));
}

/// Closing the service does not cancel it: programs that run for a moment only would never settle anything.
FileRequest settling_request(const Intent& intent) {
    FileRequest request{intent.id, {}};
    request.call.deadline = std::chrono::steady_clock::now() + settle_limit;
    return request;
}

/// An intent that was made durable before its upload began does not say what was stored.
Intent as_stored(const Intent& intent, const FileInfo& info) {
    Intent stored = intent;
    if (stored.file_path.empty() && stored.metadata.empty()) {
        stored.file_path = info.original_path;
        stored.metadata = info.metadata;
        stored.begun_at = info.last_modified;
    }
    return stored;
}

/// A completion must not throw: without memory the intent stays for the next process.
template <class Step>
void as_far_as_memory_goes(Step&& step) noexcept {
    try {
        std::forward<Step>(step)();
    } catch (const std::bad_alloc&) {
        return;
    }
}

}  // namespace

Journal::Journal(Result<std::string> catalogue_path, std::shared_ptr<StorageBackend> backend,
                 std::shared_ptr<PendingCalls> calls, std::shared_ptr<Sender> sender,
                 std::shared_ptr<Clock> clock, bool is_strict, LateTaskPauses pauses,
                 std::uint64_t most_pending)
    : backend_(std::move(backend)),
      calls_(std::move(calls)),
      sender_(std::move(sender)),
      clock_(std::move(clock)),
      is_strict_(is_strict),
      most_pending_(most_pending),
      between_take_overs_(pauses.look_again),
      late_tasks_(std::make_shared<LateTasks>(clock_, pauses)) {
    if (catalogue_path) {
        path_ = std::move(*catalogue_path);
    } else {
        unplaced_ = catalogue_path.error();
    }
}

Result<void> Journal::begin_upload(Intent& intent) {
    if (!records()) {
        FILESTORE_TRY_ASSIGN(intent.id, FileId::generate());
        return {};
    }
    FILESTORE_TRY_ASSIGN(Catalogue* const record, catalogue());
    FILESTORE_TRY(check_room(*record));
    return record->begin_upload(intent);
}

/// For another upload's note.
Result<void> Journal::check_room(Catalogue& record) const {
    if (most_pending_ == 0) {
        return {};
    }
    bool is_full = false;
    FILESTORE_TRY(record.read_outbox([&](Outbox& outbox) -> Result<void> {
        FILESTORE_TRY_ASSIGN(is_full, outbox.holds(most_pending_));
        return {};
    }));
    return is_full ? Error(ErrorCode::no_space,
                           "the audit server is still to be told of " + std::to_string(most_pending_) +
                               " files (audit_most_pending), so nothing more is stored; `filestore audit "
                               "flush` says what keeps it from being told")
                   : Result<void>();
}

Result<void> Journal::begin(Intent& intent) {
    if (!records()) {
        return {};
    }
    FILESTORE_TRY_ASSIGN(Catalogue* const record, catalogue());
    FILESTORE_TRY(intent.operation == Operation::upload ? check_room(*record) : Result<void>());
    FILESTORE_TRY_ASSIGN(intent.number, record->begin(intent));
    return {};
}

Result<void> Journal::complete(const Intent& intent, Timestamp at) {
    if (!records()) {
        return {};
    }
    FILESTORE_TRY_ASSIGN(Catalogue* const record, catalogue());
    FILESTORE_TRY(told(record->complete(intent, at)));
    late_tasks_->look();
    return {};
}

/// Has the audit server told of what was recorded.
Result<void> Journal::told(Result<void> recorded) noexcept {
    if (sender_ && recorded.ok()) {
        sender_->wake(catalogue_);
    }
    return recorded;
}

Result<void> Journal::complete_found(const Intent& intent) {
    if (!records()) {
        return {};
    }
    FILESTORE_TRY_ASSIGN(Catalogue* const record, catalogue());
    return told(record->complete_found(intent, intent.begun_at));
}

Result<void> Journal::turn_into_undo(Intent& intent) {
    intent.operation = Operation::undo;
    intent.begun_at = clock_->now();
    if (!records()) {
        return {};
    }
    FILESTORE_TRY_ASSIGN(Catalogue* const record, catalogue());
    return record->turn_into_undo(intent.number, intent.begun_at);
}

Result<void> Journal::abandon_in_time(const Intent& intent) {
    const auto age = clock_->now() - intent.begun_at;
    if (!records() || !backend_->capabilities().may_store_late || age >= looked_for) {
        return abandon(intent);
    }
    settle_after(std::max<std::chrono::microseconds>(settled_after, age), intent, true);
    return {};
}

Result<void> Journal::abandon(const Intent& intent) {
    if (!records()) {
        return {};
    }
    FILESTORE_TRY_ASSIGN(Catalogue* const record, catalogue());
    return record->abandon(intent.number);
}

void Journal::settle_later(const Intent& intent) {
    settle_after(settled_after, intent, false);
}

/// What there is no room for is left, to be taken over later on as what a dead process leaves.
void Journal::settle_after(std::chrono::microseconds pause, const Intent& intent, bool was_gone) {
    if (!records()) {
        return;
    }
    const bool has_room =
        late_tasks_->add(clock_->now() + pause, [journal = weak_from_this(), intent, was_gone] {
            as_far_as_memory_goes([&] {
                if (const auto self = journal.lock()) {
                    self->settle(intent, was_gone);
                    self->take_over_what_was_left();
                }
            });
        });
    if (!has_room && catalogue_) {
        static_cast<void>(catalogue_->leave(intent.number));
        has_left_ = true;
        // Where there is no room as before, what is to be done later leads here.
        take_over_what_was_left();
    }
}

void Journal::take_over_what_was_left() {
    if (has_left_.exchange(false) && !take_over_later()) {
        has_left_ = true;
    }
}

Result<void> Journal::begin_removals(std::vector<Intent>& intents, Timestamp uploaded_before,
                                     Timestamp unchanged_since) {
    if (!records()) {
        return {};
    }
    FILESTORE_TRY_ASSIGN(Catalogue* const record, catalogue());
    return record->begin_removals(intents, uploaded_before, unchanged_since);
}

Result<void> Journal::end_removals(const std::vector<Intent>& done, const std::vector<Intent>& undone,
                                   Timestamp at) {
    if (!records()) {
        return {};
    }
    FILESTORE_TRY_ASSIGN(Catalogue* const record, catalogue());
    FILESTORE_TRY(told(record->end_removals(done, undone, at)));
    late_tasks_->look();
    return {};
}

Result<void> Journal::begin_purges(std::vector<Intent>& intents, Timestamp due) {
    FILESTORE_TRY_ASSIGN(Catalogue* const record, catalogue());
    return record->begin_purges(intents, due);
}

Result<std::vector<Marking>> Journal::mark(const std::vector<SoftDeletion>& files, const MarkTerms& terms) {
    FILESTORE_TRY_ASSIGN(Catalogue* const record, catalogue());
    std::vector<Marking> markings;
    const auto written = told(record->use_soft_deletions([&](SoftDeletions& deletions) -> Result<void> {
        markings.clear();
        for (const SoftDeletion& file : files) {
            FILESTORE_TRY_ASSIGN(const Marking marking, deletions.mark(file, terms));
            markings.push_back(marking);
        }
        return {};
    }));
    return written.ok() ? Result<std::vector<Marking>>(std::move(markings)) : written.error();
}

Result<Undeletion> Journal::undelete(const FileId& id, Timestamp now, Timestamp stored_at) {
    FILESTORE_TRY_ASSIGN(Catalogue* const record, catalogue());
    Undeletion undeletion{};
    const auto written = told(record->use_soft_deletions([&](SoftDeletions& deletions) -> Result<void> {
        FILESTORE_TRY_ASSIGN(undeletion, deletions.undelete(id, now, stored_at));
        return {};
    }));
    return written.ok() ? Result<Undeletion>(undeletion) : written.error();
}

Result<std::vector<bool>> Journal::give_back(const std::vector<CatalogueRow>& rows, Timestamp now,
                                             Timestamp due) {
    FILESTORE_TRY_ASSIGN(Catalogue* const record, catalogue());
    std::vector<bool> given_back;
    const auto written = told(record->use_soft_deletions([&](SoftDeletions& deletions) -> Result<void> {
        given_back.clear();
        for (const CatalogueRow& row : rows) {
            FILESTORE_TRY_ASSIGN(const bool is_back, deletions.give_back(row, now, due));
            given_back.push_back(is_back);
        }
        return {};
    }));
    return written.ok() ? Result<std::vector<bool>>(std::move(given_back)) : written.error();
}

/// `nothing` where nothing has been recorded yet.
template <class T, class Read>
Result<T> Journal::read_soft_deletions(T nothing, Read read) {
    if (!has_recorded()) {
        return nothing;
    }
    FILESTORE_TRY_ASSIGN(Catalogue* const record, catalogue());
    T found = std::move(nothing);
    const auto done = record->read_soft_deletions([&](SoftDeletions& deletions) -> Result<void> {
        FILESTORE_TRY_ASSIGN(found, read(deletions));
        return {};
    });
    return done.ok() ? Result<T>(std::move(found)) : done.error();
}

Result<Undeletion> Journal::can_undelete(const FileId& id, Timestamp now) {
    return read_soft_deletions(Undeletion::is_gone,
                               [&](SoftDeletions& deletions) { return deletions.can_undelete(id, now); });
}

Result<bool> Journal::is_soft_deleted(const FileId& id) {
    return read_soft_deletions(false, [&](SoftDeletions& deletions) { return deletions.has(id); });
}

Result<std::vector<FileId>> Journal::soft_deleted_between(const FileId& first, const FileId& last) {
    return read_soft_deletions(std::vector<FileId>(),
                               [&](SoftDeletions& deletions) { return deletions.between(first, last); });
}

Result<std::vector<DeletedFile>> Journal::soft_deleted(const FileId& after, Timestamp now, std::size_t most) {
    return read_soft_deletions(std::vector<DeletedFile>(),
                               [&](SoftDeletions& deletions) { return deletions.page(after, now, most); });
}

Result<std::vector<DueFile>> Journal::due(Timestamp at, const DueFile& after, std::size_t most) {
    return read_soft_deletions(std::vector<DueFile>(),
                               [&](SoftDeletions& deletions) { return deletions.due(at, after, most); });
}

Result<std::vector<RecordedUpload>> Journal::uploaded_before(Timestamp before, const RecordedUpload& after,
                                                             std::size_t most) {
    if (!has_recorded()) {
        return std::vector<RecordedUpload>();
    }
    FILESTORE_TRY_ASSIGN(Catalogue* const record, catalogue());
    return record->uploaded_before(before, after, most);
}

Result<StoredRowsPage> Journal::stored_rows(const StoredRowsRequest& request) {
    if (!records()) {
        return without_catalogue_error(
            "nothing is recorded here (catalogue_path is off), so there is no list of what is");
    }
    if (!has_recorded()) {
        return request.behind ? Result<StoredRowsPage>(Error(
                                    ErrorCode::not_found,
                                    "nothing is recorded yet, of file " + request.behind->str() + " neither"))
                              : StoredRowsPage();
    }
    FILESTORE_TRY_ASSIGN(Catalogue* const record, catalogue());
    return record->stored_rows(request);
}

Result<std::vector<RecordState>> Journal::states_of(const std::vector<FileId>& ids) {
    if (!has_recorded()) {
        return std::vector<RecordState>(ids.size());
    }
    FILESTORE_TRY_ASSIGN(Catalogue* const record, catalogue());
    return record->states_of(ids);
}

Result<std::optional<Timestamp>> Journal::covered_at() {
    if (!has_recorded()) {
        return std::optional<Timestamp>();
    }
    FILESTORE_TRY_ASSIGN(Catalogue* const record, catalogue());
    return record->covered_at();
}

Result<void> Journal::note_covered(Timestamp at) {
    if (!has_recorded()) {
        return {};
    }
    FILESTORE_TRY_ASSIGN(Catalogue* const record, catalogue());
    return record->note_covered(at);
}

Result<std::optional<Timestamp>> Journal::cleaned_at() {
    if (!has_recorded()) {
        return std::optional<Timestamp>();
    }
    FILESTORE_TRY_ASSIGN(Catalogue* const record, catalogue());
    return record->cleaned_at();
}

Result<void> Journal::note_cleaned(Timestamp at) {
    FILESTORE_TRY_ASSIGN(Catalogue* const record, catalogue());
    return record->note_cleaned(at);
}

Result<SessionLock> Journal::cleaner_lock() {
    FILESTORE_TRY_ASSIGN(const Catalogue* const record, catalogue());
    return SessionLock(Catalogue::session_file(record->path()));
}

Result<void> Journal::go_on_telling() {
    if (!sender_ || !has_recorded()) {
        return {};
    }
    FILESTORE_TRY(catalogue());
    return told({});
}

void Journal::flush(std::optional<std::chrono::steady_clock::time_point> deadline,
                    const PendingAnswerPtr<void>& answer) {
    if (!has_recorded()) {
        return answer->give({});
    }
    if (const auto opened = catalogue(); !opened.ok()) {
        return answer->give(opened.error());
    }
    sender_->flush(catalogue_, deadline, answer);
}

void Journal::when_told(const std::optional<FileId>& id, const CallOptions& options,
                        const std::string& what_is_done, Completion<void> done) {
    const auto latest = std::chrono::steady_clock::now() + strict_limit;
    const auto deadline = std::min(options.deadline.value_or(latest), latest);
    Completion<void> tell = [what_is_done, done = std::move(done)](const Result<void>& told) {
        done(told.ok() ? told : not_delivered(what_is_done, told.error()));
    };
    const auto answer = begin_call<void>(*calls_, options.cancel, std::move(tell));
    if (answer && id) {
        sender_->flush_file(catalogue_, *id, deadline, answer);
    } else if (answer) {
        flush(deadline, answer);
    }
}

Result<AuditStatus> Journal::audit_status() {
    AuditStatus status;
    if (!has_recorded()) {
        return status;
    }
    FILESTORE_TRY_ASSIGN(Catalogue* const record, catalogue());
    const auto read = record->read_outbox([&](Outbox& outbox) -> Result<void> {
        FILESTORE_TRY_ASSIGN(status, outbox.status());
        return {};
    });
    return read.ok() ? Result<AuditStatus>(status) : read.error();
}

Result<std::vector<ParkedFile>> Journal::parked(const std::string& after, std::size_t most) {
    std::vector<ParkedFile> files;
    if (!has_recorded()) {
        return files;
    }
    FILESTORE_TRY_ASSIGN(Catalogue* const record, catalogue());
    const auto read = record->read_outbox([&](Outbox& outbox) -> Result<void> {
        FILESTORE_TRY_ASSIGN(files, outbox.parked(after, most));
        return {};
    });
    return read.ok() ? Result<std::vector<ParkedFile>>(std::move(files)) : read.error();
}

Result<std::uint64_t> Journal::retry_parked(const std::string& file_id, Timestamp now) {
    std::uint64_t count = 0;
    if (!has_recorded()) {
        return count;
    }
    FILESTORE_TRY_ASSIGN(Catalogue* const record, catalogue());
    const auto changed = told(record->use_outbox([&](Outbox& outbox) -> Result<void> {
        FILESTORE_TRY_ASSIGN(count, outbox.retry(file_id, now));
        return {};
    }));
    return changed.ok() ? Result<std::uint64_t>(count) : changed.error();
}

Result<std::uint64_t> Journal::forget_server() {
    if (has_sender()) {
        return Error(
            ErrorCode::configuration,
            "an audit server is named, which would be told again at once: unset SUPABASE_URL, or set "
            "audit_url to off");
    }
    if (!has_recorded()) {
        return std::uint64_t{0};
    }
    FILESTORE_TRY_ASSIGN(Catalogue* const record, catalogue());
    return record->forget_server();
}

void Journal::close() noexcept {
    late_tasks_->close();
    if (sender_) {
        sender_->close();
    }
}

Result<std::vector<RecordDetails>> Journal::details_after(const FileId& after, std::size_t most) {
    if (!has_recorded()) {
        return std::vector<RecordDetails>();
    }
    FILESTORE_TRY_ASSIGN(Catalogue* const record, catalogue());
    return record->details_after(after, most);
}

Result<std::vector<RecordDetails>> Journal::details_of(const std::vector<FileId>& ids) {
    if (!has_recorded()) {
        std::vector<RecordDetails> unknown(ids.size());
        std::transform(ids.begin(), ids.end(), unknown.begin(),
                       [](const FileId& id) { return RecordDetails{.id = id}; });
        return unknown;
    }
    FILESTORE_TRY_ASSIGN(Catalogue* const record, catalogue());
    return record->details_of(ids);
}

Result<std::vector<bool>> Journal::restore(const std::vector<CatalogueRow>& rows, Timestamp now) {
    FILESTORE_TRY_ASSIGN(Catalogue* const record, catalogue());
    FILESTORE_TRY_ASSIGN(auto restored, record->restore(rows, now));
    FILESTORE_TRY(told({}));
    return restored;
}

Result<void> Journal::tell_again(const std::vector<FileId>& ids, Timestamp now) {
    FILESTORE_TRY_ASSIGN(Catalogue* const record, catalogue());
    return told(record->use_outbox([&](Outbox& outbox) -> Result<void> {
        for (const FileId& id : ids) {
            FILESTORE_TRY(outbox.tell_again(id.text(), now));
        }
        return {};
    }));
}

Result<CatalogueRow> Journal::row(const FileId& id) {
    if (!has_recorded()) {
        return Error(ErrorCode::not_found, "nothing is recorded yet, of file " + id.str() + " neither");
    }
    FILESTORE_TRY_ASSIGN(Catalogue* const record, catalogue());
    return record->row(id);
}

Result<bool> Journal::knows(const FileId& id) {
    if (!records()) {
        return true;
    }
    FILESTORE_TRY_ASSIGN(Catalogue* const record, catalogue());
    const auto row = record->row(id);
    if (!row.ok() && row.error().code() != ErrorCode::not_found) {
        return row.error();
    }
    return row.ok();
}

bool Journal::has_recorded() const {
    return unplaced_ || (!path_.empty() && ::access(path_.c_str(), F_OK) == 0);
}

Result<std::vector<FileId>> Journal::stored_after(const FileId& after, std::size_t most) {
    if (!has_recorded()) {
        return std::vector<FileId>();
    }
    FILESTORE_TRY_ASSIGN(Catalogue* const record, catalogue());
    return record->stored_after(after, most);
}

Result<bool> Journal::is_stored(const FileId& id) {
    if (!has_recorded()) {
        return false;
    }
    FILESTORE_TRY_ASSIGN(Catalogue* const record, catalogue());
    return record->is_stored(id);
}

Result<Catalogue*> Journal::catalogue() {
    if (unplaced_) {
        return *unplaced_;
    }
    std::vector<Intent> stale;
    {
        const std::lock_guard lock(mutex_);
        const auto now = std::chrono::steady_clock::now();
        if (catalogue_ && now < next_take_over_) {
            return catalogue_.get();
        }
        std::shared_ptr<Catalogue> record = catalogue_;
        if (!record) {
            FILESTORE_TRY_ASSIGN(record, Catalogue::open(path_, {.has_server = has_sender()}));
        }
        auto intents = record->stale_intents();
        // Later on they may wait for the next time.
        if (!intents.ok() && !catalogue_) {
            return intents.error();
        }
        if (!catalogue_) {
            catalogue_ = std::move(record);
        }
        next_take_over_ = now + between_take_overs_;
        if (intents.ok()) {
            stale = std::move(*intents);
        }
    }
    // A storage that carries requests out late has been asked to undo what is to be undone: now it is looked at.
    for (const Intent& intent : stale) {
        settle(intent, backend_->capabilities().may_store_late);
    }
    // There may be more, and perhaps nothing else happens.
    if (stale.size() >= Catalogue::most_left) {
        has_left_ = true;
        take_over_what_was_left();
    }
    return catalogue_.get();
}

/// False where there is no room.
bool Journal::take_over_later() {
    return late_tasks_->add(clock_->now() + between_take_overs_, [journal = weak_from_this()] {
        as_far_as_memory_goes([&] {
            if (const auto self = journal.lock()) {
                self->take_over_now();
                self->take_over_what_was_left();
            }
        });
    });
}

void Journal::take_over_now() {
    {
        const std::lock_guard lock(mutex_);
        next_take_over_ = {};
    }
    static_cast<void>(catalogue());
}

/// Finds out what became of an operation whose process is gone, or that this one could not end. Where the backend cannot tell now, it is asked again later, and by the next process.
void Journal::settle(const Intent& intent, bool was_gone) {
    const auto call = calls_->begin({});
    if (!call.ok()) {
        return;
    }
    switch (intent.operation) {
        case Operation::upload:
            return ask_whether_it_still_comes(intent, *call);
        case Operation::removal:
            return ask_whether_it_is_gone(intent, *call);
        case Operation::undo:
            return undo(intent, was_gone, *call);
    }
}

/// Unless somebody else has stored the file under the same ID, of an upload that comes piece by piece.
void Journal::undo(const Intent& intent, bool was_gone, const std::shared_ptr<PendingCalls::Call>& call) {
    const auto is_recorded = knows(intent.id);
    if (!is_recorded.ok()) {
        return settle_after(settled_after, intent, was_gone);
    }
    if (*is_recorded) {
        return static_cast<void>(abandon(intent));
    }
    was_gone ? ask_whether_it_came(intent, call) : take_away(intent, call);
}

void Journal::ask_whether_it_is_gone(const Intent& intent, const std::shared_ptr<PendingCalls::Call>& call) {
    backend_->exists_async(
        settling_request(intent), [self = shared_from_this(), intent, call](const Result<bool>& exists) {
            as_far_as_memory_goes([&] {
                if (!exists.ok()) {
                    return self->settle_later(intent);
                }
                // The storage may still carry the removal out.
                static_cast<void>(*exists ? self->abandon_in_time(intent) : self->complete_found(intent));
            });
        });
}

/// Of an upload that comes piece by piece somebody else may be making the file just now. That ends with the pieces, so they are looked for before the file: where they are gone, and the file is not there, nobody
/// makes it any more.
void Journal::ask_whether_it_still_comes(const Intent& intent,
                                         const std::shared_ptr<PendingCalls::Call>& call) {
    ResumableStore* const store = backend_->resumable_store();
    if (store == nullptr) {
        return ask_whether_it_is_whole(intent, false, call);
    }
    store->state_async(settling_request(intent), [self = shared_from_this(), intent,
                                                  call](const Result<PartialUpload>& upload) {
        as_far_as_memory_goes([&] { self->ask_whether_it_is_whole(intent, !is_gone(upload), call); });
    });
}

void Journal::ask_whether_it_is_whole(const Intent& intent, bool still_comes,
                                      const std::shared_ptr<PendingCalls::Call>& call) {
    backend_->metadata_async(settling_request(intent), [self = shared_from_this(), intent, still_comes,
                                                        call](const Result<FileInfo>& info) {
        if (info.ok()) {
            return as_far_as_memory_goes([&] {
                const Intent stored = as_stored(intent, *info);
                static_cast<void>(self->complete_found(stored));
            });
        }
        // Where nothing was published, metadata may have been left; where a server kept a part of the body, that has to go.
        const ErrorCode code = info.error().code();
        as_far_as_memory_goes([&] {
            const bool is_partial = code == ErrorCode::not_found || code == ErrorCode::corrupt;
            is_partial && !still_comes ? self->take_away(intent, call) : self->settle_later(intent);
        });
    });
}

/// A removal where nothing is would leave a mark on a server that keeps versions.
void Journal::ask_whether_it_came(const Intent& intent, const std::shared_ptr<PendingCalls::Call>& call) {
    backend_->exists_async(
        settling_request(intent), [self = shared_from_this(), intent, call](const Result<bool>& exists) {
            as_far_as_memory_goes([&] {
                if (!exists.ok()) {
                    return self->settle_after(settled_after, intent, true);
                }
                *exists ? self->take_away(intent, call) : static_cast<void>(self->abandon_in_time(intent));
            });
        });
}

void Journal::take_away(const Intent& intent, const std::shared_ptr<PendingCalls::Call>& call) {
    backend_->discard_async(
        settling_request(intent), [self = shared_from_this(), intent, call](const Result<void>& discarded) {
            as_far_as_memory_goes([&] {
                if (!discarded.ok()) {
                    return self->settle_later(intent);
                }
                intent.operation == Operation::undo ? static_cast<void>(self->abandon_in_time(intent))
                                                    : self->call_failed(intent);
            });
        });
}

/// Nothing of an upload is there whose process is gone, and no piece of it: it has failed.
void Journal::call_failed(const Intent& intent) {
    backend_->capabilities().may_store_late ? begin_undo(intent) : static_cast<void>(abandon(intent));
}

void Journal::begin_undo(Intent intent) {
    if (!turn_into_undo(intent).ok()) {
        return settle_later(intent);
    }
    // Asked once the intent is an undo: who records the file ends every intent of an upload.
    const auto is_recorded = knows(intent.id);
    static_cast<void>(is_recorded.ok() && *is_recorded ? abandon(intent) : abandon_in_time(intent));
}

}  // namespace filestore
