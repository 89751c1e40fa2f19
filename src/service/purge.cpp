#include "service/purge.h"

#include <algorithm>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "audit/row_reader.h"
#include "core/call_limits.h"
#include "core/try.h"
#include "service/batch_removal.h"
#include "service/looks.h"
#include "service/store_run.h"

namespace filestore {
namespace {

constexpr std::size_t due_page_size = 1000;

/// A file of the page under way. A value.
struct Purge {
    CleanupFile file{.outcome = CleanupOutcome::purged};
    Intent intent;
    bool keeps_version = false;
};

/// A file of the page under way that the audit server has as stored, of which nothing is still to be told. A value.
struct Restored {
    Purge purge;
    /// As it is to be recorded.
    CatalogueRow row;
    bool is_there = true;
};

/// A resource held by std::shared_ptr, by the call under way.
class PurgeRun : public std::enable_shared_from_this<PurgeRun> {
public:
    PurgeRun(const ServiceParts& parts, PurgeRequest request,
             std::function<void(const Result<PurgeReport>&)> done)
        : parts_(parts), request_(std::move(request)), done_(std::move(done)) {}

    void start() noexcept {
        step([this] { return go_on(); });
    }

private:
    /// Runs a part of the work; a failure ends the run.
    template <class Work>
    void step(Work&& work) noexcept {
        run_step(std::forward<Work>(work), done_);
    }

    Result<void> go_on() {
        for (;;) {
            FILESTORE_TRY_ASSIGN(const bool has_more, read_page());
            if (!has_more) {
                done_(report_);
                return {};
            }
            FILESTORE_TRY(pass_over_damaged());
            if (parts_.audit_server && !files_.empty()) {
                return ask_the_server();
            }
            FILESTORE_TRY_ASSIGN(const bool is_removing, purge_page());
            if (is_removing) {
                return {};
            }
        }
    }

    /// True where it goes on once they are removed.
    Result<bool> purge_page() {
        if (request_.dry_run) {
            FILESTORE_TRY(tell(files_));
            return false;
        }
        FILESTORE_TRY(begin_purges());
        if (files_.empty()) {
            return false;
        }
        FILESTORE_TRY(remove());
        return true;
    }

    Result<void> purge_page_and_go_on() {
        FILESTORE_TRY_ASSIGN(const bool is_removing, purge_page());
        return is_removing ? Result<void>() : go_on();
    }

    /// Where no operation on files waits for the answer.
    Result<void> ask_the_server() {
        parts_.audit_server->post(
            [self = shared_from_this()] { self->step([&] { return self->keep_what_the_server_has(); }); });
        return {};
    }

    /// What is still to be told is looked at first: a deletion that is told meanwhile is none that somebody has taken back.
    Result<void> keep_what_the_server_has() {
        std::vector<FileId> ids;
        std::transform(files_.begin(), files_.end(), std::back_inserter(ids),
                       [](const Purge& purge) { return purge.file.id; });
        FILESTORE_TRY_ASSIGN(const std::vector<RecordDetails> details, parts_.journal->details_of(ids));
        FILESTORE_TRY_ASSIGN(auto rows, RowReader(*parts_.audit_server, request_.limits).rows_of(ids));
        std::unordered_map<FileId, CatalogueRow*> by_id;
        for (CatalogueRow& row : rows.rows) {
            by_id.emplace(row.id, &row);
        }
        restored_.clear();
        std::vector<Purge> goes_on;
        std::vector<Purge> kept;
        for (std::size_t i = 0; i < files_.size(); ++i) {
            Purge& purge = files_[i];
            const auto found = by_id.find(purge.file.id);
            const bool is_stored = found != by_id.end() && !found->second->deleted_at;
            if (const auto untimed = reason_of(rows.untimed, purge.file.id)) {
                fail(purge, *untimed);
                kept.push_back(std::move(purge));
            } else if (is_stored && details[i].parked) {
                keep(purge, "and what happened to it is parked: have that told again");
                kept.push_back(std::move(purge));
            } else if (is_stored && !details[i].waits) {
                restored_.push_back({std::move(purge), std::move(*found->second)});
            } else {
                goes_on.push_back(std::move(purge));
            }
        }
        files_ = std::move(goes_on);
        FILESTORE_TRY(tell(kept));
        return restored_.empty() ? purge_page_and_go_on() : look_at_restored();
    }

    static std::optional<Error> reason_of(const std::vector<postgrest::UntimedRow>& untimed,
                                          const FileId& id) {
        const auto found =
            std::find_if(untimed.begin(), untimed.end(), [&id](const auto& row) { return row.id == id; });
        return found == untimed.end() ? std::nullopt : std::optional(found->reason);
    }

    static void fail(Purge& purge, const Error& error) {
        purge.file.outcome = CleanupOutcome::failed;
        purge.file.reason = error;
    }

    static void keep(Purge& purge, const std::string& why) {
        purge.file.outcome = CleanupOutcome::kept;
        purge.file.reason =
            Error(ErrorCode::precondition_failed, "the audit server has file " + purge.file.id.str() +
                                                      " as stored, although it is deleted here, " + why);
    }

    Result<void> look_at_restored() {
        std::vector<FileId> ids;
        std::transform(restored_.begin(), restored_.end(), std::back_inserter(ids),
                       [](const Restored& restored) { return restored.purge.file.id; });
        look_at_files(
            parts_, request_.limits, std::move(ids),
            [self = shared_from_this()](std::size_t place, Result<FileInfo>&& info) {
                take_look(self->restored_[place], std::move(info));
            },
            [self = shared_from_this()](const Result<void>& ended) {
                self->step([&]() -> Result<void> {
                    FILESTORE_TRY(ended);
                    return self->give_back();
                });
            });
        return {};
    }

    static void take_look(Restored& restored, Result<FileInfo>&& info) {
        if (info.ok()) {
            restored.row.file_path = std::move(info->original_path);
            restored.row.metadata = std::move(info->metadata);
            const bool has_time = info->last_modified > Timestamp();
            restored.row.uploaded_at =
                restored.row.uploaded_at || !has_time ? restored.row.uploaded_at : info->last_modified;
        } else if (info.error().code() == ErrorCode::not_found) {
            restored.is_there = false;
            return;
        } else if (info.error().code() != ErrorCode::corrupt) {
            return fail(restored.purge, info.error());
        }
        keep(restored.purge, "and nothing of it is still to be told: it is recorded as stored again");
    }

    /// Of what is gone there is nothing to keep: the purge finds that out.
    Result<void> give_back() {
        std::vector<Purge> kept;
        std::vector<CatalogueRow> rows;
        std::vector<Purge> failed;
        for (Restored& restored : restored_) {
            if (!restored.is_there) {
                files_.push_back(std::move(restored.purge));
            } else if (restored.purge.file.outcome == CleanupOutcome::failed) {
                failed.push_back(std::move(restored.purge));
            } else {
                kept.push_back(std::move(restored.purge));
                rows.push_back(std::move(restored.row));
            }
        }
        FILESTORE_TRY(tell(failed));
        if (!request_.dry_run && !rows.empty()) {
            FILESTORE_TRY(parts_.journal->give_back(rows, parts_.clock->now(), request_.due));
        }
        FILESTORE_TRY(tell(kept));
        return purge_page_and_go_on();
    }

    /// False where there is none any more.
    Result<bool> read_page() {
        FILESTORE_TRY(check_call_limits(request_.limits.cancel, request_.limits.deadline));
        FILESTORE_TRY_ASSIGN(const std::vector<DueFile> page,
                             parts_.journal->due(request_.due, last_, due_page_size));
        last_ = page.empty() ? last_ : page.back();
        files_.clear();
        std::transform(page.begin(), page.end(), std::back_inserter(files_),
                       [this](const DueFile& due) { return purge_of(due); });
        return !page.empty();
    }

    /// Their bytes stay.
    Result<void> pass_over_damaged() {
        const auto damaged = std::stable_partition(files_.begin(), files_.end(), [](const Purge& purge) {
            return purge.file.outcome != CleanupOutcome::failed;
        });
        const std::vector<Purge> passed_over(std::make_move_iterator(damaged),
                                             std::make_move_iterator(files_.end()));
        files_.erase(damaged, files_.end());
        return tell(passed_over);
    }

    [[nodiscard]] Purge purge_of(const DueFile& due) const {
        Purge purge;
        if (due.is_damaged) {
            fail(purge, damaged_mark_error(parts_.journal->path(), due.id.text()));
        }
        purge.file.id = due.id;
        purge.file.original_path = due.file_path;
        purge.file.size = due.size;
        purge.file.stored_at = due.uploaded_at;
        return purge;
    }

    /// Files that somebody else purges, or has given back, drop out.
    Result<void> begin_purges() {
        std::vector<Intent> intents;
        for (const Purge& purge : files_) {
            Intent& intent = intents.emplace_back();
            intent.id = purge.file.id;
            intent.operation = Operation::removal;
            intent.file_path = purge.file.original_path;
            intent.begun_at = parts_.clock->now();
        }
        FILESTORE_TRY(parts_.journal->begin_purges(intents, request_.due));
        for (std::size_t i = 0; i < files_.size(); ++i) {
            files_[i].intent = std::move(intents[i]);
        }
        std::erase_if(files_, [](const Purge& purge) { return purge.intent.number == 0; });
        return {};
    }

    Result<void> remove() {
        std::vector<FileId> ids;
        std::transform(files_.begin(), files_.end(), std::back_inserter(ids),
                       [](const Purge& purge) { return purge.file.id; });
        remove_files(parts_, request_.limits, std::move(ids), {},
                     [self = shared_from_this()](const std::vector<FileRemoval>& removals,
                                                 const std::optional<Error>& failure) {
                         self->step([&] { return self->take_removals(removals, failure); });
                     });
        return {};
    }

    Result<void> take_removals(const std::vector<FileRemoval>& removals,
                               const std::optional<Error>& failure) {
        std::vector<Intent> done;
        std::vector<Intent> undone;
        for (std::size_t i = 0; i < files_.size(); ++i) {
            Purge& purge = files_[i];
            purge.keeps_version = removals[i].keeps_version;
            if (removals[i].is_gone()) {
                done.push_back(std::move(purge.intent));
                continue;
            }
            fail(purge, *removals[i].reason);
            // Of what nobody can tell the intent stays until that is found out.
            if (removals[i].fate == FileRemoval::Fate::stays) {
                undone.push_back(std::move(purge.intent));
            } else {
                parts_.journal->settle_later(purge.intent);
            }
        }
        const auto recorded = parts_.journal->end_removals(done, undone, parts_.clock->now());
        if (!recorded.ok()) {
            for (const Intent& intent : done) {
                parts_.journal->settle_later(intent);
            }
            return recorded.error().within(
                "deleted files were purged; that will be noted later, because now the catalogue failed");
        }
        FILESTORE_TRY(failure ? Result<void>(*failure) : tell(files_));
        return go_on();
    }

    Result<void> tell(const std::vector<Purge>& files) {
        for (const Purge& purge : files) {
            count(purge);
            FILESTORE_TRY(request_.on_file ? request_.on_file(purge.file) : Result<void>());
        }
        return {};
    }

    void count(const Purge& purge) {
        if (purge.file.outcome == CleanupOutcome::failed) {
            report_.failed += 1;
            return;
        }
        if (purge.file.outcome == CleanupOutcome::kept) {
            report_.kept += 1;
            return;
        }
        report_.purged += 1;
        report_.bytes += purge.file.size;
        report_.bytes_in_versions += purge.keeps_version ? purge.file.size : 0;
    }

    const ServiceParts parts_;
    const PurgeRequest request_;
    const std::function<void(const Result<PurgeReport>&)> done_;
    DueFile last_{FileId(), Timestamp::min(), 0, {}, {}};
    std::vector<Purge> files_;
    /// While they are looked at only the one that a look is of is changed.
    std::vector<Restored> restored_;
    PurgeReport report_;
};

}  // namespace

void start_purge(const ServiceParts& parts, PurgeRequest request,
                 std::function<void(const Result<PurgeReport>&)> done) {
    std::make_shared<PurgeRun>(parts, std::move(request), std::move(done))->start();
}

}  // namespace filestore
