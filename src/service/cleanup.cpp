#include "service/cleanup.h"

#include <algorithm>
#include <chrono>
#include <iterator>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "audit/row_reader.h"
#include "core/try.h"
#include "filestore/resumable_store.h"
#include "service/batch_removal.h"
#include "service/looks.h"
#include "service/purge.h"
#include "service/store_check.h"
#include "service/store_run.h"

namespace filestore {

namespace {

constexpr std::size_t page_size = 1000;
constexpr unsigned most_days = 36'500;
/// Of the files to purge so many are looked for first.
constexpr std::size_t looked_for_first = 16;

/// A file of the page under way. A value.
struct Item {
    CleanupFile file;
    /// As it was looked at: only that is removed.
    std::string version;
    /// Found in a record, not in the store.
    bool recorded = false;
    Intent intent{};
    /// Its removal has been begun, and is to be recorded.
    bool has_begun = false;
    /// Whether it is there is not known, so that its intent has to stay.
    bool is_unknown = false;
    bool keeps_version = false;
    /// Deleted, with its bytes kept for a while.
    bool is_marked = false;
    /// Left out of the report: somebody else is at work on it, or it is gone and nobody has recorded it.
    bool left_out = false;
};

/// First what is to be purged, then the files that the catalogue has, in pages by their times, then those that only the store has, in pages of its listing, then those that only the audit server has. Every page is looked at, removed, recorded
/// and told of before the next is read. Every step is begun in the completion of one before it. A resource held by std::shared_ptr, by the call under way.
class CleanupRun final : public StoreRun<CleanupRun, CleanupReport> {
public:
    CleanupRun(const ServiceParts& parts, CleanupRequest request, PendingAnswerPtr<CleanupReport> answer)
        : StoreRun(parts, request.call, std::move(answer)), request_(std::move(request)) {}

private:
    friend StoreRun;

    Result<void> begin() {
        if (request_.days < 1 || request_.days > most_days) {
            return Error(ErrorCode::invalid_argument, "files are kept for 1 to " + std::to_string(most_days) +
                                                          " days, not " + std::to_string(request_.days));
        }
        began_ = parts().clock->now();
        kept_from_ = began_ - std::chrono::days(request_.days);
        is_the_store_ = request_.accept_missing;
        return parts().audit_server ? check_the_server() : begin_with_purge();
    }

    /// What it does not tell of is perhaps new, so nothing is removed, not even purged, where it cannot be asked, or hides its rows.
    Result<void> check_the_server() {
        return where_the_server_is_asked([this]() -> Result<void> {
            const auto checked = RowReader(*parts().audit_server, limits()).check_sight(began_);
            if (!checked.ok()) {
                return checked.error().within(
                    "nothing was removed, as the audit server does not tell what is old");
            }
            return begin_with_purge();
        });
    }

    Result<void> begin_with_purge() { return is_the_store_ ? purge() : check_before_purge(); }

    /// A purge cannot tell what it removed from what was not there.
    Result<void> check_before_purge() {
        FILESTORE_TRY_ASSIGN(
            const auto due,
            parts().journal->due(began_, {FileId(), Timestamp::min(), 0, {}, {}}, looked_for_first));
        if (due.empty()) {
            return purge();
        }
        std::vector<FileId> ids;
        std::transform(due.begin(), due.end(), std::back_inserter(ids),
                       [](const DueFile& file) { return file.id; });
        return check_the_store(std::move(ids), &CleanupRun::purge);
    }

    /// Goes on with a step where the store is the one that the record tells of.
    Result<void> check_the_store(std::vector<FileId> recorded, Result<void> (CleanupRun::*next)()) {
        check_store(parts(), limits(), std::move(recorded),
                    [self = shared_from_this(), next](const Result<void>& checked) {
                        self->step([&]() -> Result<void> {
                            FILESTORE_TRY(checked);
                            self->is_the_store_ = true;
                            return (self.get()->*next)();
                        });
                    });
        return {};
    }

    Result<void> purge() {
        PurgeRequest purge{began_, request_.dry_run, request_.on_file, limits()};
        start_purge(parts(), std::move(purge),
                    [self = shared_from_this()](const Result<PurgeReport>& purged) {
                        self->step([&]() -> Result<void> {
                            FILESTORE_TRY(purged);
                            self->report_.purged = purged->purged;
                            self->report_.bytes_purged = purged->bytes;
                            self->report_.bytes_in_versions = purged->bytes_in_versions;
                            self->report_.failed = purged->failed;
                            self->report_.kept = purged->kept;
                            return self->read_recorded();
                        });
                    });
        return {};
    }

    Result<void> read_recorded() {
        FILESTORE_TRY(check_limits());
        FILESTORE_TRY_ASSIGN(const std::vector<RecordedUpload> uploads,
                             parts().journal->uploaded_before(kept_from_, last_recorded_, page_size));
        if (uploads.empty()) {
            return end_recorded();
        }
        last_recorded_ = uploads.back();
        items_.clear();
        for (const RecordedUpload& upload : uploads) {
            Item& item = items_.emplace_back();
            item.file.id = upload.id;
            item.file.stored_at = upload.uploaded_at;
            item.recorded = true;
        }
        return ask_then_look();
    }

    Result<void> end_recorded() {
        FILESTORE_TRY_ASSIGN(const std::optional<Timestamp> covered_at, parts().journal->covered_at());
        const bool covered = covered_at && *covered_at <= began_ && *covered_at > kept_from_;
        if (covered) {
            return end_listed();
        }
        phase_ = Phase::listed;
        return list_page({});
    }

    Result<void> list_page(std::string cursor) {
        FILESTORE_TRY(check_limits());
        ListRequest list;
        list.cursor = std::move(cursor);
        list.limit = page_size;
        list.call = limits();
        parts().backend->list_async(std::move(list), [self = shared_from_this()](Result<ListPage> page) {
            self->step([&]() -> Result<void> {
                FILESTORE_TRY(page);
                return self->take_listed(std::move(*page));
            });
        });
        return {};
    }

    Result<void> take_listed(ListPage page) {
        next_cursor_ = std::move(page.next);
        std::vector<FileId> ids;
        ids.reserve(page.files.size());
        std::transform(page.files.begin(), page.files.end(), std::back_inserter(ids),
                       [](const ListEntry& file) { return file.id; });
        FILESTORE_TRY_ASSIGN(const std::vector<RecordState> states, parts().journal->states_of(ids));
        items_.clear();
        for (std::size_t i = 0; i < ids.size(); ++i) {
            if (states[i].stored || states[i].soft_deleted) {
                continue;
            }
            all_recorded_ = false;
            if (!states[i].busy && is_old(page.files[i].last_modified)) {
                Item& item = items_.emplace_back();
                item.file.id = ids[i];
                item.file.stored_at = page.files[i].last_modified;
            }
        }
        if (items_.empty()) {
            return go_on();
        }
        return ask_then_look();
    }

    Result<void> ask_then_look() {
        if (!parts().audit_server) {
            look_at_page();
            return {};
        }
        return where_the_server_is_asked([this]() -> Result<void> {
            FILESTORE_TRY(keep_what_the_server_keeps());
            look_at_page();
            return {};
        });
    }

    [[nodiscard]] std::vector<FileId> ids_of_page() const {
        std::vector<FileId> ids;
        std::transform(items_.begin(), items_.end(), std::back_inserter(ids),
                       [](const Item& item) { return item.file.id; });
        return ids;
    }

    /// A row that is not old, or is deleted, is not one to clean up, whatever catalogue and store say. Of a file without a row those decide.
    Result<void> keep_what_the_server_keeps() {
        FILESTORE_TRY_ASSIGN(const auto rows,
                             RowReader(*parts().audit_server, limits()).rows_of(ids_of_page()));
        fail_untimed(rows.untimed);
        std::unordered_map<FileId, const CatalogueRow*> by_id;
        for (const CatalogueRow& row : rows.rows) {
            by_id.emplace(row.id, &row);
        }
        std::vector<std::pair<Item*, Timestamp>> deleted;
        for (Item& item : items_) {
            const auto found = by_id.find(item.file.id);
            if (found == by_id.end()) {
                continue;
            }
            const Timestamp uploaded_at = found->second->uploaded_at.value_or(Timestamp());
            if (!found->second->uploaded_at && !found->second->deleted_at) {
                keep(item, "the audit server has no time at which file " + item.file.id.str() +
                               " was stored: it is kept");
            } else if (uploaded_at >= kept_from_) {
                keep(item, "the audit server says that file " + item.file.id.str() + " is of " +
                               format_timestamp(uploaded_at) + ", which is not old: it is kept");
            } else if (found->second->deleted_at) {
                deleted.emplace_back(&item, *found->second->deleted_at);
            }
        }
        return keep_deleted(deleted);
    }

    /// Nobody can tell whether they are old.
    void fail_untimed(const std::vector<postgrest::UntimedRow>& untimed) {
        for (const postgrest::UntimedRow& row : untimed) {
            const auto found = std::find_if(items_.begin(), items_.end(),
                                            [&](const Item& item) { return item.file.id == row.id; });
            if (found != items_.end()) {
                fail(*found, row.reason);
            }
        }
    }

    /// Where something is still to be told of a file, its deletion is perhaps undone by that.
    Result<void> keep_deleted(const std::vector<std::pair<Item*, Timestamp>>& deleted) {
        std::vector<FileId> ids;
        std::transform(deleted.begin(), deleted.end(), std::back_inserter(ids),
                       [](const auto& found) { return found.first->file.id; });
        FILESTORE_TRY_ASSIGN(const auto details, parts().journal->details_of(ids));
        for (std::size_t i = 0; i < deleted.size(); ++i) {
            Item& item = *deleted[i].first;
            if (!details[i].waits) {
                keep(item, "the audit server says that file " + item.file.id.str() + " was deleted at " +
                               format_timestamp(deleted[i].second) +
                               ", and it is there: it is kept; reconcile records it as stored again");
            }
        }
        return {};
    }

    static void keep(Item& item, std::string reason) {
        item.file.outcome = CleanupOutcome::kept;
        item.file.reason = Error(ErrorCode::precondition_failed, std::move(reason));
    }

    Result<void> end_listed() {
        if (!parts().audit_server) {
            return end_expired_uploads();
        }
        has_listed_ = phase_ == Phase::listed;
        phase_ = Phase::of_the_server;
        return ask_for_rows();
    }

    Result<void> ask_for_rows() {
        return where_the_server_is_asked([this] { return read_from_server(); });
    }

    /// Files of which only the server's table knows: of the system before, or of another machine.
    Result<void> read_from_server() {
        FILESTORE_TRY(check_limits());
        FILESTORE_TRY_ASSIGN(auto page, RowReader(*parts().audit_server, limits())
                                            .uploaded_before(kept_from_, last_of_server_,
                                                             postgrest::Detail::brief, page_size));
        if (!page.last) {
            return end_expired_uploads();
        }
        last_of_server_ = page.last;
        for (const postgrest::UntimedRow& row : page.untimed) {
            page.rows.emplace_back().id = row.id;
        }
        FILESTORE_TRY(take_rows(page.rows));
        fail_untimed(page.untimed);
        if (items_.empty()) {
            return go_on();
        }
        look_at_page();
        return {};
    }

    Result<void> take_rows(const std::vector<CatalogueRow>& rows) {
        std::vector<FileId> ids;
        std::transform(rows.begin(), rows.end(), std::back_inserter(ids),
                       [](const CatalogueRow& row) { return row.id; });
        FILESTORE_TRY_ASSIGN(const std::vector<RecordState> states, parts().journal->states_of(ids));
        items_.clear();
        for (std::size_t i = 0; i < rows.size(); ++i) {
            if (states[i].busy || states[i].known) {
                continue;
            }
            Item& item = items_.emplace_back();
            item.file.id = rows[i].id;
            item.file.stored_at = rows[i].uploaded_at.value_or(Timestamp());
            item.intent.file_path = rows[i].file_path;
            item.recorded = true;
        }
        return {};
    }

    [[nodiscard]] static std::optional<Timestamp> when_known(Timestamp time) {
        return time > Timestamp() ? std::optional(time) : std::nullopt;
    }

    /// What has no time has the first one there is.
    [[nodiscard]] bool is_old(Timestamp time) const { return time > Timestamp() && time < kept_from_; }

    void look_at_page() {
        look_at_files(
            parts(), limits(), ids_of_page(),
            [self = shared_from_this()](std::size_t place, Result<FileInfo>&& info) {
                self->take_look(self->items_[place], std::move(info));
            },
            [self = shared_from_this()](const Result<void>& ended) {
                self->step([&]() -> Result<void> {
                    FILESTORE_TRY(ended);
                    return self->end_look();
                });
            },
            WithoutMetadata::is_bare);
    }

    void take_look(Item& item, Result<FileInfo>&& info) const {
        if (info.ok()) {
            return take_info(item, std::move(*info));
        }
        if (info.error().code() == ErrorCode::not_found) {
            item.file.outcome = CleanupOutcome::already_gone;
            item.left_out = !item.recorded;
            return;
        }
        fail(item, info.error());
    }

    static void fail(Item& item, const Error& error) {
        item.file.outcome = CleanupOutcome::failed;
        item.file.reason = error;
    }

    void take_info(Item& item, FileInfo info) const {
        // What is there was found by the listing, too.
        item.left_out = phase_ == Phase::of_the_server && has_listed_;
        item.file.original_path = info.original_path;
        item.file.size = info.size;
        item.version = std::move(info.version);
        if (!info.original_path.empty()) {
            item.intent.file_path = std::move(info.original_path);
        }
        item.intent.metadata = std::move(info.metadata);
        if (!is_old(info.last_modified)) {
            keep(item, "the store says that file " + item.file.id.str() + " is of " +
                           format_timestamp(info.last_modified) +
                           ", which is newer than its record or no time at all: it is kept");
        }
    }

    Result<void> end_look() {
        const bool unreachable = std::all_of(items_.begin(), items_.end(), [](const Item& item) {
            return item.file.outcome == CleanupOutcome::failed &&
                   item.file.reason->code() == ErrorCode::unavailable;
        });
        if (unreachable) {
            return *items_.front().file.reason;
        }
        is_the_store_ = is_the_store_ || has_found_recorded();
        const bool is_suspect =
            !is_the_store_ && std::any_of(items_.begin(), items_.end(), [](const Item& item) {
                return item.recorded && item.file.outcome == CleanupOutcome::already_gone;
            });
        return is_suspect ? check_the_store({}, &CleanupRun::end_checked_look) : end_checked_look();
    }

    [[nodiscard]] bool has_found_recorded() const {
        return std::any_of(items_.begin(), items_.end(), [](const Item& item) {
            return item.recorded && (item.file.outcome == CleanupOutcome::removed ||
                                     item.file.outcome == CleanupOutcome::kept);
        });
    }

    Result<void> end_checked_look() {
        if (request_.dry_run) {
            return end_page();
        }
        return parts().grace ? mark() : begin_removals();
    }

    /// With soft delete the store is not touched; what is gone already is recorded as without.
    Result<void> mark() {
        std::vector<Item*> items;
        std::vector<SoftDeletion> deletions;
        for (Item& item : items_) {
            if (!item.left_out && item.file.outcome == CleanupOutcome::removed) {
                items.push_back(&item);
                deletions.push_back({item.file.id, std::move(item.intent.file_path),
                                     std::move(item.intent.metadata), item.file.size,
                                     when_known(item.file.stored_at)});
            }
        }
        const Timestamp now = parts().clock->now();
        FILESTORE_TRY_ASSIGN(const auto markings, parts().journal->mark(deletions, {now, now + *parts().grace,
                                                                                    kept_from_, began_}));
        for (std::size_t i = 0; i < items.size(); ++i) {
            items[i]->left_out = markings[i] != Marking::marked;
            items[i]->is_marked = true;
        }
        return begin_removals();
    }

    Result<void> begin_removals() {
        std::vector<Intent> intents;
        for (Item& item : items_) {
            if (concerns_removal(item)) {
                item.intent.id = item.file.id;
                item.intent.operation = Operation::removal;
                item.intent.begun_at = parts().clock->now();
                item.intent.stored_at = when_known(item.file.stored_at);
                intents.push_back(item.intent);
            }
        }
        if (intents.empty()) {
            return end_page();
        }
        FILESTORE_TRY(parts().journal->begin_removals(intents, kept_from_, began_));
        std::vector<FileId> ids;
        std::vector<std::string> versions;
        auto intent = intents.begin();
        for (Item& item : items_) {
            if (!concerns_removal(item)) {
                continue;
            }
            item.intent.number = (intent++)->number;
            item.has_begun = item.intent.number != 0 || !parts().journal->records();
            item.left_out = !item.has_begun;
            if (is_in_batch(item)) {
                ids.push_back(item.file.id);
                versions.push_back(std::move(item.version));
            }
        }
        if (ids.empty()) {
            return record();
        }
        remove_files(parts(), limits(), std::move(ids), std::move(versions),
                     [self = shared_from_this()](const std::vector<FileRemoval>& removals,
                                                 const std::optional<Error>& failure) {
                         self->step([&] { return self->take_removals(removals, failure); });
                     });
        return {};
    }

    static bool is_in_batch(const Item& item) {
        return item.has_begun && item.file.outcome == CleanupOutcome::removed;
    }

    static bool concerns_removal(const Item& item) {
        return !item.left_out && !item.is_marked &&
               (item.file.outcome == CleanupOutcome::removed ||
                item.file.outcome == CleanupOutcome::already_gone);
    }

    Result<void> take_removals(const std::vector<FileRemoval>& removals,
                               const std::optional<Error>& failure) {
        auto removal = removals.begin();
        for (Item& item : items_) {
            if (is_in_batch(item)) {
                take_removal(item, *removal++);
            }
        }
        end_ = failure;
        return record();
    }

    static void take_removal(Item& item, const FileRemoval& removal) {
        item.keeps_version = removal.keeps_version;
        item.is_unknown = removal.fate == FileRemoval::Fate::unknown;
        if (removal.fate == FileRemoval::Fate::was_gone) {
            item.file.outcome = CleanupOutcome::already_gone;
        } else if (removal.fate == FileRemoval::Fate::changed) {
            keep(item,
                 "file " + item.file.id.str() + " was stored anew after it had been looked at: it is kept");
        } else if (!removal.is_gone()) {
            fail(item, *removal.reason);
        }
    }

    /// A removal that was ended with the run, and of which nobody can tell, keeps its intent until that is found out.
    Result<void> record() {
        std::vector<Intent> done;
        std::vector<Intent> undone;
        for (Item& item : items_) {
            if (!item.has_begun) {
                continue;
            }
            if (item.file.outcome == CleanupOutcome::removed ||
                item.file.outcome == CleanupOutcome::already_gone) {
                done.push_back(std::move(item.intent));
            } else if (item.is_unknown) {
                parts().journal->settle_later(item.intent);
            } else {
                undone.push_back(std::move(item.intent));
            }
        }
        const auto recorded = parts().journal->end_removals(done, undone, parts().clock->now());
        if (!recorded.ok()) {
            for (const Intent& intent : done) {
                parts().journal->settle_later(intent);
            }
            return recorded.error().within(
                "files were removed; that will be recorded later, because now "
                "the catalogue failed");
        }
        return end_ ? Result<void>(*end_) : end_page();
    }

    Result<void> end_page() {
        for (const Item& item : items_) {
            if (!item.left_out) {
                count(item);
                FILESTORE_TRY(tell(item.file));
            }
        }
        return go_on();
    }

    void count(const Item& item) {
        switch (item.file.outcome) {
            case CleanupOutcome::removed:
                report_.removed += 1;
                report_.bytes += item.file.size;
                report_.bytes_in_versions += item.keeps_version ? item.file.size : 0;
                break;
            case CleanupOutcome::already_gone:
                report_.already_gone += 1;
                break;
            case CleanupOutcome::kept:
                report_.kept += 1;
                break;
            case CleanupOutcome::failed:
                report_.failed += 1;
                break;
            case CleanupOutcome::purged:
                break;
        }
    }

    [[nodiscard]] Result<void> tell(const CleanupFile& file) const {
        return request_.on_file ? request_.on_file(file) : Result<void>();
    }

    Result<void> go_on() {
        if (phase_ == Phase::recorded) {
            return read_recorded();
        }
        if (phase_ == Phase::of_the_server) {
            return ask_for_rows();
        }
        if (next_cursor_) {
            return list_page(std::move(*next_cursor_));
        }
        if (all_recorded_ && !request_.dry_run) {
            FILESTORE_TRY(parts().journal->note_covered(began_));
        }
        return end_listed();
    }

    using TakeUploads = Result<void> (CleanupRun::*)(const std::vector<FileId>&);

    /// Those that come piece by piece know when their time is over.
    Result<void> end_expired_uploads() {
        ResumableStore* const store = parts().backend->resumable_store();
        if (store == nullptr || request_.dry_run) {
            return find_stale_uploads();
        }
        store->sweep_async(limits(), [self = shared_from_this()](const Result<std::vector<FileId>>& ended) {
            self->step([&]() -> Result<void> {
                if (ended.ok()) {
                    self->report_.stale_uploads += ended->size();
                } else if (!is_lasting(ended.error())) {
                    return ended.error();
                }
                return self->find_stale_uploads();
            });
        });
        return {};
    }

    Result<void> find_stale_uploads() {
        if (!parts().backend->capabilities().leaves_uploads) {
            return count_versions();
        }
        return sweep({}, true, &CleanupRun::end_stale_uploads);
    }

    Result<void> sweep(std::vector<FileId> ids, bool dry_run, TakeUploads take) {
        FILESTORE_TRY(check_limits());
        parts().backend->sweep_uploads_async(
            {request_.uploads_older_than, std::move(ids), dry_run, limits()},
            [self = shared_from_this(), take](const Result<std::vector<FileId>>& uploads) {
                self->step([&]() -> Result<void> {
                    if (!uploads.ok() && is_lasting(uploads.error())) {
                        return self->count_versions();
                    }
                    FILESTORE_TRY(uploads);
                    return (self.get()->*take)(*uploads);
                });
            });
        return {};
    }

    /// On this server, or for whoever asks.
    static bool is_lasting(const Error& error) {
        return error.code() == ErrorCode::unsupported || error.code() == ErrorCode::permission_denied;
    }

    Result<void> end_stale_uploads(const std::vector<FileId>& uploads) {
        FILESTORE_TRY_ASSIGN(const std::vector<RecordState> states, parts().journal->states_of(uploads));
        std::vector<FileId> dead;
        for (std::size_t i = 0; i < uploads.size(); ++i) {
            if (!states[i].busy) {
                dead.push_back(uploads[i]);
            }
        }
        if (dead.empty() || request_.dry_run) {
            return count_stale_uploads(dead);
        }
        return sweep(std::move(dead), false, &CleanupRun::count_stale_uploads);
    }

    Result<void> count_stale_uploads(const std::vector<FileId>& uploads) {
        report_.stale_uploads += uploads.size();
        return count_versions();
    }

    Result<void> count_versions() {
        if (!request_.count_versions) {
            return finish();
        }
        FILESTORE_TRY(check_limits());
        parts().backend->kept_versions_async(
            limits(), [self = shared_from_this()](const Result<KeptVersions>& versions) {
                self->step([&]() -> Result<void> {
                    if (versions.ok()) {
                        self->report_.kept_versions = *versions;
                    } else if (!is_lasting(versions.error())) {
                        return versions.error();
                    }
                    return self->finish();
                });
            });
        return {};
    }

    Result<void> finish() {
        const bool has_removed = report_.removed + report_.already_gone > 0;
        if (request_.dry_run || !has_removed || !parts().journal->is_strict()) {
            give(report_);
            return {};
        }
        const std::string what_is_done = std::to_string(report_.removed) + " files are removed";
        parts().journal->when_told(
            std::nullopt, limits(), what_is_done, [self = shared_from_this()](const Result<void>& told) {
                self->give(told.ok() ? Result<CleanupReport>(self->report_) : told.error());
            });
        return {};
    }

    const CleanupRequest request_;
    Timestamp began_{};
    /// What is newer stays.
    Timestamp kept_from_{};
    RecordedUpload last_recorded_{FileId(), Timestamp::min()};
    enum class Phase { recorded, listed, of_the_server };
    Phase phase_ = Phase::recorded;
    bool has_listed_ = false;
    /// It holds some of what the record tells of, or need not.
    bool is_the_store_ = false;
    std::optional<postgrest::RowPlace> last_of_server_;
    std::optional<std::string> next_cursor_;
    /// As far as it has been listed.
    bool all_recorded_ = true;
    /// Of the page under way: changed only while nothing is looked at, but for the file that a look is of.
    std::vector<Item> items_;
    /// A failure of removals that ends the run, once they are recorded.
    std::optional<Error> end_;
    CleanupReport report_;
};

}  // namespace

std::string_view to_string(CleanupOutcome outcome) noexcept {
    switch (outcome) {
        case CleanupOutcome::removed:
            return "removed";
        case CleanupOutcome::already_gone:
            return "already_gone";
        case CleanupOutcome::kept:
            return "kept";
        case CleanupOutcome::failed:
            return "failed";
        case CleanupOutcome::purged:
            return "purged";
    }
    return "";
}

void start_cleanup(const ServiceParts& parts, CleanupRequest request,
                   PendingAnswerPtr<CleanupReport> answer) {
    std::make_shared<CleanupRun>(parts, std::move(request), std::move(answer))->start();
}

}  // namespace filestore
