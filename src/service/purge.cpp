#include "service/purge.h"

#include <algorithm>
#include <iterator>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "core/call_limits.h"
#include "core/try.h"
#include "service/batch_removal.h"
#include "service/store_run.h"

namespace filestore {
namespace {

constexpr std::size_t page_size = 1000;

/// A file of the page under way. A value.
struct Purge {
    CleanupFile file{.outcome = CleanupOutcome::purged};
    Intent intent;
    bool keeps_version = false;
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
            if (request_.dry_run) {
                FILESTORE_TRY(tell(files_));
                continue;
            }
            FILESTORE_TRY(begin_purges());
            if (!files_.empty()) {
                return remove();
            }
        }
    }

    /// False where there is none any more.
    Result<bool> read_page() {
        FILESTORE_TRY(check_call_limits(request_.limits.cancel, request_.limits.deadline));
        FILESTORE_TRY_ASSIGN(const std::vector<DueFile> page,
                             parts_.journal->due(request_.due, last_, page_size));
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
            purge.file.outcome = CleanupOutcome::failed;
            purge.file.reason = damaged_mark_error(parts_.journal->path(), due.id.text());
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
            purge.file.outcome = CleanupOutcome::failed;
            purge.file.reason = removals[i].reason;
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
        report_.purged += 1;
        report_.bytes += purge.file.size;
        report_.bytes_in_versions += purge.keeps_version ? purge.file.size : 0;
    }

    const ServiceParts parts_;
    const PurgeRequest request_;
    const std::function<void(const Result<PurgeReport>&)> done_;
    DueFile last_{FileId(), Timestamp::min(), 0, {}, {}};
    std::vector<Purge> files_;
    PurgeReport report_;
};

}  // namespace

void start_purge(const ServiceParts& parts, PurgeRequest request,
                 std::function<void(const Result<PurgeReport>&)> done) {
    std::make_shared<PurgeRun>(parts, std::move(request), std::move(done))->start();
}

}  // namespace filestore
