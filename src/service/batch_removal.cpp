#include "service/batch_removal.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "core/remove_one_by_one.h"
#include "service/looks.h"

namespace filestore {
namespace {

using Fate = FileRemoval::Fate;

/// A resource held by std::shared_ptr, by the call under way.
class BatchRemoval : public std::enable_shared_from_this<BatchRemoval> {
public:
    BatchRemoval(const ServiceParts& parts, const CallOptions& limits, std::vector<FileId> ids,
                 std::vector<std::string> versions, EndRemovals end)
        : parts_(parts),
          limits_(limits),
          ids_(std::move(ids)),
          versions_(parts.backend->capabilities().compare_and_delete ? std::move(versions)
                                                                     : std::vector<std::string>()),
          end_(std::move(end)),
          removals_(ids_.size()) {}

    void start() {
        parts_.backend->remove_batch_async(
            {ids_, limits_, versions_},
            [self = shared_from_this()](const Result<std::vector<RemovalOutcome>>& outcomes) {
                self->take(outcomes);
            });
    }

private:
    void take(const Result<std::vector<RemovalOutcome>>& outcomes) noexcept {
        for (std::size_t i = 0; i < ids_.size(); ++i) {
            if (!outcomes.ok()) {
                fail(removals_[i], outcomes.error());
            } else if (const RemovalOutcome& outcome = (*outcomes)[i]; !outcome.removed.ok()) {
                fail(removals_[i], outcome.removed.error());
                note_change(i);
            } else {
                removals_[i].fate = *outcome.removed ? Fate::removed : Fate::was_gone;
                removals_[i].keeps_version = outcome.keeps_version;
            }
        }
        if (failure_) {
            return finish();
        }
        try {
            look_at_unknown();
        } catch (const std::bad_alloc&) {
            finish();
        }
    }

    void fail(FileRemoval& removal, const Error& error) noexcept {
        removal.fate = may_have_happened(error) ? Fate::unknown : Fate::stays;
        removal.reason = error;
        if (ends_the_rest(error)) {
            failure_ = error;
        }
    }

    void note_change(std::size_t place) noexcept {
        FileRemoval& removal = removals_[place];
        if (!versions_.empty() && !versions_[place].empty() &&
            removal.reason->code() == ErrorCode::precondition_failed) {
            removal.fate = Fate::changed;
        }
    }

    /// Those whose removal failed, and may have been done: also where a repeated request did not find the version any more that the first one has removed.
    void look_at_unknown() {
        std::vector<FileId> ids;
        for (std::size_t i = 0; i < ids_.size(); ++i) {
            if (removals_[i].fate == Fate::unknown || removals_[i].fate == Fate::changed) {
                ids.push_back(ids_[i]);
                places_.push_back(i);
            }
        }
        if (ids.empty()) {
            return finish();
        }
        look_at_files(
            parts_, limits_, std::move(ids),
            [self = shared_from_this()](std::size_t place, Result<FileInfo>&& info) {
                self->settle(self->removals_[self->places_[place]], info);
            },
            [self = shared_from_this()](const Result<void>&) { self->finish(); });
    }

    static void settle(FileRemoval& removal, const Result<FileInfo>& info) noexcept {
        removal.fate = removal.fate == Fate::changed ? Fate::changed : Fate::stays;
        if (!info.ok() && info.error().code() == ErrorCode::not_found) {
            removal.fate = Fate::removed;
            removal.reason.reset();
        }
    }

    void finish() noexcept { end_(std::move(removals_), failure_); }

    const ServiceParts parts_;
    const CallOptions limits_;
    const std::vector<FileId> ids_;
    const std::vector<std::string> versions_;
    const EndRemovals end_;
    std::vector<FileRemoval> removals_;
    /// Of the files that are looked at.
    std::vector<std::size_t> places_;
    std::optional<Error> failure_;
};

}  // namespace

void remove_files(const ServiceParts& parts, const CallOptions& limits, std::vector<FileId> ids,
                  std::vector<std::string> versions, EndRemovals end) {
    std::make_shared<BatchRemoval>(parts, limits, std::move(ids), std::move(versions), std::move(end))
        ->start();
}

}  // namespace filestore
