#include "service/cleanup.h"

#include <algorithm>
#include <chrono>
#include <iterator>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "audit/row_reader.h"
#include "core/call_limits.h"
#include "core/library_thread.h"
#include "core/remove_one_by_one.h"
#include "core/stream_calls.h"
#include "core/try.h"

namespace filestore {

namespace {

constexpr std::size_t page_size = 1000;
constexpr std::size_t most_at_a_time = 16;
constexpr unsigned most_days = 36'500;

/// A file of the page under way. A value.
struct Item {
    CleanupFile file;
    /// Found in a record, not in the store.
    bool recorded = false;
    Intent intent{};
    /// Its removal has been begun, and is to be recorded.
    bool has_begun = false;
    /// A removal that failed was looked into.
    bool is_settled = false;
    bool keeps_version = false;
    /// Left out of the report: somebody else is at work on it, or it is gone and nobody has recorded it.
    bool left_out = false;
};

/// First the files that the catalogue has, in pages by their times, then those that only the store has, in pages of its listing, then those that only the audit server has. Every page is looked at, removed, recorded
/// and told of before the next is read. Every step is begun in the completion of one before it. A resource held by std::shared_ptr, by the call under way.
class CleanupRun : public std::enable_shared_from_this<CleanupRun> {
public:
    CleanupRun(const ServiceParts& parts, CleanupRequest request, PendingAnswerPtr<CleanupReport> answer)
        : parts_(parts), request_(std::move(request)), answer_(std::move(answer)) {
        limits_.deadline = request_.call.deadline;
        limits_.cancel = answer_->token();
    }

    void start() {
        parts_.executor->post([self = shared_from_this()] {
            const LibraryThreadScope scope;
            self->step([&] { return self->begin(); });
        });
    }

private:
    /// Runs a part of the work; a failure ends the run.
    template <class Work>
    void step(Work&& work) noexcept {
        const auto result = call_user(ErrorCode::internal, std::forward<Work>(work));
        if (!result.ok()) {
            answer_->give(result.error());
        }
    }

    Result<void> begin() {
        if (request_.days < 1 || request_.days > most_days) {
            return Error(ErrorCode::invalid_argument, "files are kept for 1 to " + std::to_string(most_days) +
                                                          " days, not " + std::to_string(request_.days));
        }
        began_ = parts_.clock->now();
        kept_from_ = began_ - std::chrono::days(request_.days);
        return read_recorded();
    }

    [[nodiscard]] Result<void> check_limits() const {
        return check_call_limits(limits_.cancel, limits_.deadline);
    }

    Result<void> read_recorded() {
        FILESTORE_TRY(check_limits());
        FILESTORE_TRY_ASSIGN(const std::vector<RecordedUpload> uploads,
                             parts_.journal->uploaded_before(kept_from_, last_recorded_, page_size));
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
        look_at_page();
        return {};
    }

    Result<void> end_recorded() {
        FILESTORE_TRY_ASSIGN(const std::optional<Timestamp> covered_at, parts_.journal->covered_at());
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
        list.call = limits_;
        parts_.backend->list_async(std::move(list), [self = shared_from_this()](Result<ListPage> page) {
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
        FILESTORE_TRY_ASSIGN(const std::vector<RecordState> states, parts_.journal->states_of(ids));
        items_.clear();
        for (std::size_t i = 0; i < ids.size(); ++i) {
            if (states[i].stored) {
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
        FILESTORE_TRY(keep_what_the_server_says_to_be_new());
        look_at_page();
        return {};
    }

    /// The store's time of a file that somebody else stored may be that of the original.
    Result<void> keep_what_the_server_says_to_be_new() {
        if (!parts_.audit_server) {
            return {};
        }
        std::vector<FileId> ids;
        std::transform(items_.begin(), items_.end(), std::back_inserter(ids),
                       [](const Item& item) { return item.file.id; });
        FILESTORE_TRY_ASSIGN(const auto rows, RowReader(*parts_.audit_server, limits_).rows_of(ids));
        std::unordered_map<FileId, Timestamp> times;
        for (const CatalogueRow& row : rows) {
            times.emplace(row.id, row.uploaded_at.value_or(Timestamp()));
        }
        for (Item& item : items_) {
            const auto found = times.find(item.file.id);
            if (found != times.end() && found->second >= kept_from_) {
                item.file.outcome = CleanupOutcome::kept;
                item.file.reason = Error(ErrorCode::precondition_failed,
                                         "the audit server says that file " + item.file.id.str() + " is of " +
                                             format_timestamp(found->second) +
                                             ", which is newer than the store says: it is kept");
            }
        }
        return {};
    }

    Result<void> end_listed() {
        if (!parts_.audit_server) {
            return find_stale_uploads();
        }
        has_listed_ = phase_ == Phase::listed;
        phase_ = Phase::of_the_server;
        return read_from_server();
    }

    /// Files of which only the server's table knows: of the system before, or of another machine.
    Result<void> read_from_server() {
        FILESTORE_TRY(check_limits());
        FILESTORE_TRY_ASSIGN(const auto page, RowReader(*parts_.audit_server, limits_)
                                                  .uploaded_before(kept_from_, last_of_server_,
                                                                   postgrest::Detail::brief, page_size));
        if (!page.last) {
            return find_stale_uploads();
        }
        last_of_server_ = page.last;
        return take_rows(page.rows);
    }

    Result<void> take_rows(const std::vector<CatalogueRow>& rows) {
        std::vector<FileId> ids;
        std::transform(rows.begin(), rows.end(), std::back_inserter(ids),
                       [](const CatalogueRow& row) { return row.id; });
        FILESTORE_TRY_ASSIGN(const std::vector<RecordState> states, parts_.journal->states_of(ids));
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
        if (items_.empty()) {
            return go_on();
        }
        look_at_page();
        return {};
    }

    /// What has no time has the first one there is.
    [[nodiscard]] bool is_old(Timestamp time) const { return time > Timestamp() && time < kept_from_; }

    using Take = void (CleanupRun::*)(Item&, Result<FileInfo>&&);
    using Then = Result<void> (CleanupRun::*)();

    void look_at_page() {
        std::vector<Item*> all;
        std::transform(items_.begin(), items_.end(), std::back_inserter(all),
                       [](Item& item) { return &item; });
        look_at(std::move(all), &CleanupRun::take_look, &CleanupRun::end_look);
    }

    /// Asks for the metadata of files, a few at a time.
    void look_at(std::vector<Item*> items, Take take, Then then) {
        looked_at_ = std::move(items);
        take_ = take;
        then_ = then;
        next_ = 0;
        // One for this function: the look must not end while it is being begun.
        open_ = 1;
        for (std::size_t i = 0; i < most_at_a_time; ++i) {
            look_at_next();
        }
        release();
    }

    void look_at_next() {
        Item* item = nullptr;
        {
            const std::lock_guard lock(mutex_);
            if (next_ == looked_at_.size() || end_) {
                return;
            }
            item = looked_at_[next_++];
            ++open_;
        }
        parts_.backend->metadata_async({item->file.id, limits_},
                                       [self = shared_from_this(), item](Result<FileInfo> info) {
                                           self->step([&]() -> Result<void> {
                                               (self.get()->*self->take_)(*item, std::move(info));
                                               self->look_at_next();
                                               self->release();
                                               return {};
                                           });
                                       });
    }

    void release() {
        {
            const std::lock_guard lock(mutex_);
            if (--open_ > 0) {
                return;
            }
        }
        step([this] { return (this->*then_)(); });
    }

    void take_look(Item& item, Result<FileInfo>&& info) {
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

    void take_info(Item& item, FileInfo info) const {
        // What is there was found by the listing, too.
        item.left_out = phase_ == Phase::of_the_server && has_listed_;
        item.file.original_path = info.original_path;
        item.file.size = info.size;
        item.intent.file_path = std::move(info.original_path);
        item.intent.metadata = std::move(info.metadata);
        if (!is_old(info.last_modified)) {
            item.file.outcome = CleanupOutcome::kept;
            item.file.reason = Error(ErrorCode::precondition_failed,
                                     "the store says that file " + item.file.id.str() + " is of " +
                                         format_timestamp(info.last_modified) +
                                         ", which is newer than its record or no time at all: it is kept");
        }
    }

    void fail(Item& item, const Error& error) {
        item.file.outcome = CleanupOutcome::failed;
        item.file.reason = error;
        if (ends_the_rest(error)) {
            const std::lock_guard lock(mutex_);
            end_ = error;
        }
    }

    Result<void> end_look() {
        if (end_) {
            return *end_;
        }
        const bool unreachable = std::all_of(items_.begin(), items_.end(), [](const Item& item) {
            return item.file.outcome == CleanupOutcome::failed &&
                   item.file.reason->code() == ErrorCode::unavailable;
        });
        if (unreachable) {
            return *items_.front().file.reason;
        }
        return request_.dry_run ? end_page() : begin_removals();
    }

    Result<void> begin_removals() {
        std::vector<Intent> intents;
        for (Item& item : items_) {
            if (concerns_removal(item)) {
                item.intent.id = item.file.id;
                item.intent.operation = Operation::removal;
                item.intent.begun_at = parts_.clock->now();
                intents.push_back(item.intent);
            }
        }
        if (intents.empty()) {
            return end_page();
        }
        FILESTORE_TRY(parts_.journal->begin_removals(intents, kept_from_, began_));
        RemoveBatchRequest batch;
        batch.call = limits_;
        auto intent = intents.begin();
        for (Item& item : items_) {
            if (!concerns_removal(item)) {
                continue;
            }
            item.intent.number = (intent++)->number;
            item.has_begun = item.intent.number != 0 || !parts_.journal->records();
            item.left_out = !item.has_begun;
            if (item.has_begun && item.file.outcome == CleanupOutcome::removed) {
                batch.ids.push_back(item.file.id);
            }
        }
        if (batch.ids.empty()) {
            return record();
        }
        parts_.backend->remove_batch_async(
            std::move(batch),
            [self = shared_from_this()](const Result<std::vector<RemovalOutcome>>& outcomes) {
                self->step([&] { return self->take_outcomes(outcomes); });
            });
        return {};
    }

    static bool concerns_removal(const Item& item) {
        return !item.left_out && (item.file.outcome == CleanupOutcome::removed ||
                                  item.file.outcome == CleanupOutcome::already_gone);
    }

    Result<void> take_outcomes(const Result<std::vector<RemovalOutcome>>& outcomes) {
        std::size_t index = 0;
        std::vector<Item*> unsure;
        for (Item& item : items_) {
            if (item.left_out || item.file.outcome != CleanupOutcome::removed) {
                continue;
            }
            if (outcomes.ok()) {
                take_outcome(item, (*outcomes)[index++]);
            } else {
                fail(item, outcomes.error());
            }
            if (is_unsure(item)) {
                unsure.push_back(&item);
            }
        }
        if (unsure.empty() || end_) {
            return record();
        }
        look_at(std::move(unsure), &CleanupRun::take_second_look, &CleanupRun::record);
        return {};
    }

    void take_outcome(Item& item, const RemovalOutcome& outcome) {
        if (!outcome.removed.ok()) {
            return fail(item, outcome.removed.error());
        }
        if (!*outcome.removed) {
            item.file.outcome = CleanupOutcome::already_gone;
        }
        item.keeps_version = outcome.keeps_version;
    }

    /// Whether a removal that failed may have been done.
    static bool is_unsure(const Item& item) {
        return item.file.outcome == CleanupOutcome::failed && item.has_begun &&
               may_have_happened(*item.file.reason);
    }

    void take_second_look(Item& item, Result<FileInfo>&& info) {
        item.is_settled = true;
        if (!info.ok() && info.error().code() == ErrorCode::not_found) {
            item.file.outcome = CleanupOutcome::removed;
            item.file.reason.reset();
        }
    }

    /// A removal that was ended with the run, and of which nobody can tell, keeps its intent: recovery will find out.
    Result<void> record() {
        std::vector<Intent> done;
        std::vector<Intent> undone;
        for (Item& item : items_) {
            if (!item.has_begun) {
                continue;
            }
            if (item.file.outcome != CleanupOutcome::failed) {
                done.push_back(std::move(item.intent));
            } else if (item.is_settled || !is_unsure(item)) {
                undone.push_back(std::move(item.intent));
            }
        }
        const auto recorded = parts_.journal->end_removals(done, undone, parts_.clock->now());
        if (!recorded.ok()) {
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
            return read_from_server();
        }
        if (next_cursor_) {
            return list_page(std::move(*next_cursor_));
        }
        if (all_recorded_ && !request_.dry_run) {
            FILESTORE_TRY(parts_.journal->note_covered(began_));
        }
        return end_listed();
    }

    using TakeUploads = Result<void> (CleanupRun::*)(const std::vector<FileId>&);

    Result<void> find_stale_uploads() {
        if (!parts_.backend->capabilities().leaves_uploads) {
            return finish();
        }
        return sweep({}, true, &CleanupRun::end_stale_uploads);
    }

    Result<void> sweep(std::vector<FileId> ids, bool dry_run, TakeUploads take) {
        FILESTORE_TRY(check_limits());
        parts_.backend->sweep_uploads_async(
            {request_.uploads_older_than, std::move(ids), dry_run, limits_},
            [self = shared_from_this(), take](const Result<std::vector<FileId>>& uploads) {
                self->step([&]() -> Result<void> {
                    if (!uploads.ok() && is_lasting(uploads.error())) {
                        return self->finish();
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
        FILESTORE_TRY_ASSIGN(const std::vector<RecordState> states, parts_.journal->states_of(uploads));
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
        report_.stale_uploads = uploads.size();
        return finish();
    }

    Result<void> finish() {
        const bool has_removed = report_.removed + report_.already_gone > 0;
        if (request_.dry_run || !has_removed || !parts_.journal->is_strict()) {
            answer_->give(report_);
            return {};
        }
        const std::string what_is_done = std::to_string(report_.removed) + " files are removed";
        parts_.journal->when_told(
            std::nullopt, limits_, what_is_done, [self = shared_from_this()](const Result<void>& told) {
                self->answer_->give(told.ok() ? Result<CleanupReport>(self->report_) : told.error());
            });
        return {};
    }

    const ServiceParts parts_;
    const CleanupRequest request_;
    const PendingAnswerPtr<CleanupReport> answer_;
    CallOptions limits_;
    Timestamp began_{};
    /// What is newer stays.
    Timestamp kept_from_{};
    RecordedUpload last_recorded_{FileId(), Timestamp::min()};
    enum class Phase { recorded, listed, of_the_server };
    Phase phase_ = Phase::recorded;
    bool has_listed_ = false;
    std::optional<postgrest::RowPlace> last_of_server_;
    std::optional<std::string> next_cursor_;
    /// As far as it has been listed.
    bool all_recorded_ = true;
    /// Of the page under way: changed only while nothing is looked at, but for the file that a look is of.
    std::vector<Item> items_;
    std::vector<Item*> looked_at_;
    Take take_ = nullptr;
    Then then_ = nullptr;
    std::mutex mutex_;
    std::size_t next_ = 0;
    std::size_t open_ = 0;
    /// A failure that ends the run: the rest of the page is not looked at.
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
    }
    return "";
}

void start_cleanup(const ServiceParts& parts, CleanupRequest request,
                   PendingAnswerPtr<CleanupReport> answer) {
    std::make_shared<CleanupRun>(parts, std::move(request), std::move(answer))->start();
}

}  // namespace filestore
