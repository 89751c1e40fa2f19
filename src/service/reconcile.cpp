#include "service/reconcile.h"

#include <algorithm>
#include <chrono>
#include <deque>
#include <iterator>
#include <unordered_map>
#include <utility>
#include <vector>

#include "audit/row_reader.h"
#include "core/try.h"
#include "service/catalogue_path.h"
#include "service/drift.h"
#include "service/looks.h"
#include "service/store_run.h"

namespace filestore {
namespace {

constexpr std::size_t records_page_size = 1000;
/// So many files are looked at together.
constexpr std::size_t most_suspects = 200;
/// No time keeps a file from being recorded as deleted: a clock may have been set back since it was stored.
constexpr Timestamp at_any_time = std::chrono::sys_days(std::chrono::year(9999) / 12 / 31);

Recorded recorded_by(const RecordDetails& details) {
    if (!details.known) {
        return Recorded::unknown;
    }
    return details.deleted ? Recorded::deleted : Recorded::stored;
}

Recorded recorded_by(const CatalogueRow& row) {
    return row.deleted_at ? Recorded::deleted : Recorded::stored;
}

/// A file of which something does not seem to agree.
struct Suspect {
    DriftFinding finding{};
    bool was_listed = false;
    /// Before the store was asked.
    RecordDetails before{};
    std::optional<FileInfo> info{};
    std::optional<Error> failure{};
    /// The server's.
    std::optional<CatalogueRow> row{};
    Views views{};
    /// It is marked as one that can be had back, and the server has it as stored.
    bool is_taken_back = false;
    bool is_finding = false;
};

/// Goes through store, catalogue and table side by side. What does not agree is looked at once more, a few files together: the catalogue, then store and server, then the
/// catalogue again, which has not changed meanwhile where nothing was at work on the file. A resource held by std::shared_ptr, by the call under way.
class ReconcileRun final : public StoreRun<ReconcileRun, ReconcileReport> {
public:
    ReconcileRun(const ServiceParts& parts, ReconcileRequest request,
                 PendingAnswerPtr<ReconcileReport> answer)
        : StoreRun(parts, request.call, std::move(answer)), request_(std::move(request)) {
        server_has_ended_ = parts.audit_server == nullptr;
    }

private:
    friend StoreRun;

    Result<void> begin() {
        if (!parts().journal->records()) {
            return without_catalogue_error(
                "there is nothing to compare the store with: the catalogue is off");
        }
        if (!parts().audit_server) {
            return go_on();
        }
        return where_the_server_is_asked([this]() -> Result<void> {
            FILESTORE_TRY(RowReader(*parts().audit_server, limits()).check_sight(parts().clock->now()));
            return go_on();
        });
    }

    /// Does what goes on by asking the server where nobody else waits for that.
    Result<void> ask(Result<void> (ReconcileRun::*next)()) {
        return parts().audit_server ? where_the_server_is_asked([this, next] { return (this->*next)(); })
                                    : (this->*next)();
    }

    Result<void> go_on() {
        for (;;) {
            if (suspects_.size() == most_suspects) {
                return examine();
            }
            FILESTORE_TRY(check_limits());
            FILESTORE_TRY(read_catalogue());
            FILESTORE_TRY(read_server());
            if (listed_.empty() && !store_has_ended_) {
                return list_page();
            }
            if (listed_.empty() && details_.empty() && rows_.empty()) {
                return suspects_.empty() ? finish() : examine();
            }
            compare_next();
        }
    }

    Result<void> read_catalogue() {
        if (!details_.empty() || catalogue_has_ended_) {
            return {};
        }
        FILESTORE_TRY_ASSIGN(const auto page,
                             parts().journal->details_after(last_details_, records_page_size));
        catalogue_has_ended_ = page.empty();
        details_.assign(page.begin(), page.end());
        last_details_ = page.empty() ? last_details_ : page.back().id;
        return {};
    }

    Result<void> read_server() {
        while (rows_.empty() && !server_has_ended_) {
            FILESTORE_TRY(check_limits());
            FILESTORE_TRY_ASSIGN(
                auto page, RowReader(*parts().audit_server, limits()).by_id(last_row_, records_page_size));
            server_has_ended_ = !page.last;
            last_row_ = page.last ? page.last : last_row_;
            rows_.assign(page.rows.begin(), page.rows.end());
        }
        return {};
    }

    Result<void> list_page() {
        ListRequest list;
        list.cursor = next_cursor_;
        list.limit = records_page_size;
        list.call = limits();
        parts().backend->list_async(std::move(list), [self = shared_from_this()](Result<ListPage> page) {
            self->step([&]() -> Result<void> {
                FILESTORE_TRY(page);
                for (const ListEntry& file : page->files) {
                    self->listed_.push_back(file.id);
                }
                self->report_.files += page->files.size();
                self->store_has_ended_ = !page->next;
                self->next_cursor_ = page->next.value_or("");
                return self->ask(&ReconcileRun::go_on);
            });
        });
        return {};
    }

    /// The file with the first ID of the three.
    void compare_next() {
        FileId id = !listed_.empty()    ? listed_.front()
                    : !details_.empty() ? details_.front().id
                                        : rows_.front().id;
        id = details_.empty() ? id : std::min(id, details_.front().id);
        id = rows_.empty() ? id : std::min(id, rows_.front().id);
        Views views;
        const bool was_listed = !listed_.empty() && listed_.front() == id;
        if (was_listed) {
            views.is_there = true;
            listed_.pop_front();
        }
        if (!details_.empty() && details_.front().id == id) {
            views.by_catalogue = recorded_by(details_.front());
            views.is_there = views.is_there && !details_.front().soft_deleted;
            details_.pop_front();
        }
        if (parts().audit_server) {
            views.by_server = Recorded::unknown;
        }
        if (!rows_.empty() && rows_.front().id == id) {
            views.by_server = recorded_by(rows_.front());
            rows_.pop_front();
        }
        if (drift_of(views)) {
            Suspect& suspect = suspects_.emplace_back();
            suspect.finding.id = id;
            suspect.was_listed = was_listed;
        }
    }

    [[nodiscard]] std::vector<FileId> ids_of_suspects() const {
        std::vector<FileId> ids;
        std::transform(suspects_.begin(), suspects_.end(), std::back_inserter(ids),
                       [](const Suspect& suspect) { return suspect.finding.id; });
        return ids;
    }

    Result<void> examine() {
        FILESTORE_TRY_ASSIGN(const auto before, parts().journal->details_of(ids_of_suspects()));
        for (std::size_t i = 0; i < suspects_.size(); ++i) {
            suspects_[i].before = before[i];
        }
        look_at_files(
            parts(), limits(), ids_of_suspects(),
            [self = shared_from_this()](std::size_t place, Result<FileInfo>&& info) {
                take_look(self->suspects_[place], std::move(info));
            },
            [self = shared_from_this()](const Result<void>& ended) {
                self->step([&]() -> Result<void> {
                    FILESTORE_TRY(ended);
                    return self->ask(&ReconcileRun::judge_all);
                });
            });
        return {};
    }

    static void take_look(Suspect& suspect, Result<FileInfo>&& info) {
        if (info.ok()) {
            suspect.info = std::move(*info);
        } else if (info.error().code() != ErrorCode::not_found) {
            suspect.failure = info.error();
        }
    }

    Result<void> judge_all() {
        FILESTORE_TRY(read_rows_of_suspects());
        FILESTORE_TRY_ASSIGN(const auto after, parts().journal->details_of(ids_of_suspects()));
        for (std::size_t i = 0; i < suspects_.size(); ++i) {
            judge(suspects_[i], after[i]);
        }
        if (request_.repair) {
            FILESTORE_TRY(repair());
        }
        FILESTORE_TRY(tell());
        suspects_.clear();
        return go_on();
    }

    Result<void> read_rows_of_suspects() {
        if (!parts().audit_server) {
            return {};
        }
        FILESTORE_TRY_ASSIGN(auto rows,
                             RowReader(*parts().audit_server, limits()).rows_of(ids_of_suspects()));
        if (!rows.untimed.empty()) {
            return rows.untimed.front().reason;
        }
        std::unordered_map<FileId, CatalogueRow*> by_id;
        for (CatalogueRow& row : rows.rows) {
            by_id.emplace(row.id, &row);
        }
        for (Suspect& suspect : suspects_) {
            const auto found = by_id.find(suspect.finding.id);
            if (found != by_id.end()) {
                suspect.row = std::move(*found->second);
            }
        }
        return {};
    }

    void judge(Suspect& suspect, const RecordDetails& after) {
        // What is parked without a row has nothing else to wait for.
        const bool waits = parts().audit_server && (after.waits || (after.parked && after.known));
        if (after != suspect.before || after.busy || waits) {
            report_.left_out += 1;
            return;
        }
        // Nothing waits to be told of a mark: so somebody else has taken its deletion back.
        suspect.is_taken_back = after.soft_deleted && suspect.row && !suspect.row->deleted_at;
        suspect.views.is_there =
            (suspect.info || suspect.failure) && (!after.soft_deleted || suspect.is_taken_back);
        suspect.views.by_catalogue = recorded_by(after);
        if (parts().audit_server) {
            suspect.views.by_server = suspect.row ? recorded_by(*suspect.row) : Recorded::unknown;
        }
        const auto drift = drift_of(suspect.views);
        if (!drift) {
            return;
        }
        suspect.is_finding = true;
        suspect.finding.drift = *drift;
        suspect.finding.what = describe(suspect.views);
        if (suspect.failure) {
            suspect.finding.reason = suspect.failure;
        } else if (*drift == Drift::missing && suspect.was_listed) {
            suspect.finding.reason =
                Error(ErrorCode::corrupt, "the store lists file " + suspect.finding.id.str() +
                                              " and does not give it; verify tells more");
        }
    }

    [[nodiscard]] std::vector<Suspect*> findings(Drift drift) {
        std::vector<Suspect*> found;
        for (Suspect& suspect : suspects_) {
            if (suspect.is_finding && suspect.finding.drift == drift && !suspect.finding.reason) {
                found.push_back(&suspect);
            }
        }
        return found;
    }

    Result<void> repair() {
        FILESTORE_TRY(restore(findings(Drift::unrecorded)));
        FILESTORE_TRY(restore(findings(Drift::marked_deleted)));
        FILESTORE_TRY(record_as_deleted(findings(Drift::missing)));
        return tell_again(findings(Drift::untold));
    }

    /// What the server has as deleted is taken back there once the catalogue has the file as stored. A deletion that is recorded meanwhile may be told before that, in vain: so the file is told again.
    Result<void> restore(const std::vector<Suspect*>& suspects) {
        if (suspects.empty()) {
            return {};
        }
        std::vector<CatalogueRow> rows;
        std::transform(suspects.begin(), suspects.end(), std::back_inserter(rows),
                       [this](const Suspect* suspect) { return row_to_restore(*suspect); });
        FILESTORE_TRY_ASSIGN(auto restored, parts().journal->restore(rows, parts().clock->now()));
        FILESTORE_TRY(give_back_marked(suspects, rows, restored));
        std::vector<Suspect*> taken_back;
        for (std::size_t i = 0; i < suspects.size(); ++i) {
            DriftFinding& finding = suspects[i]->finding;
            const bool is_stored = restored[i] || suspects[i]->views.by_catalogue == Recorded::stored;
            finding.repaired = is_stored;
            if (is_stored && suspects[i]->row && suspects[i]->row->deleted_at) {
                const auto cleared = RowReader(*parts().audit_server, limits())
                                         .clear_deleted(finding.id, *suspects[i]->row->deleted_at);
                note_failure(finding, cleared);
                taken_back.push_back(suspects[i]);
            }
            if (!is_stored) {
                leave_out(*suspects[i]);
            }
        }
        return note_again(taken_back);
    }

    Result<void> give_back_marked(const std::vector<Suspect*>& suspects,
                                  const std::vector<CatalogueRow>& rows, std::vector<bool>& restored) {
        for (std::size_t i = 0; i < suspects.size(); ++i) {
            if (!suspects[i]->is_taken_back) {
                continue;
            }
            FILESTORE_TRY_ASSIGN(const auto given_back,
                                 parts().journal->give_back({rows[i]}, parts().clock->now(), at_any_time));
            restored[i] = given_back.front();
        }
        return {};
    }

    [[nodiscard]] CatalogueRow row_to_restore(const Suspect& suspect) const {
        CatalogueRow row;
        row.id = suspect.finding.id;
        row.file_path = suspect.info->original_path;
        row.metadata = suspect.info->metadata;
        row.uploaded_at = suspect.row ? suspect.row->uploaded_at : std::nullopt;
        if (!row.uploaded_at) {
            const Timestamp modified = suspect.info->last_modified;
            // A file of which nobody knows the time is a new one.
            row.uploaded_at = modified > Timestamp() ? modified : parts().clock->now();
        }
        return row;
    }

    static void note_failure(DriftFinding& finding, const Result<void>& done) {
        if (!done.ok()) {
            finding.repaired = false;
            finding.reason = done.error();
        }
    }

    /// Somebody is at work on it after all.
    void leave_out(Suspect& suspect) {
        suspect.is_finding = false;
        report_.left_out += 1;
    }

    Result<void> record_as_deleted(const std::vector<Suspect*>& suspects) {
        if (suspects.empty()) {
            return {};
        }
        std::vector<Intent> intents;
        for (const Suspect* suspect : suspects) {
            Intent& intent = intents.emplace_back();
            intent.id = suspect->finding.id;
            intent.operation = Operation::removal;
            intent.file_path = suspect->row ? suspect->row->file_path : std::string();
            intent.stored_at = suspect->row ? suspect->row->uploaded_at : std::nullopt;
            intent.begun_at = parts().clock->now();
        }
        FILESTORE_TRY(parts().journal->begin_removals(intents, at_any_time, at_any_time));
        std::vector<Intent> begun;
        for (std::size_t i = 0; i < suspects.size(); ++i) {
            if (intents[i].number == 0) {
                leave_out(*suspects[i]);
                continue;
            }
            suspects[i]->finding.repaired = true;
            begun.push_back(std::move(intents[i]));
        }
        return parts().journal->end_removals(begun, {}, parts().clock->now());
    }

    Result<void> tell_again(const std::vector<Suspect*>& suspects) {
        FILESTORE_TRY(note_again(suspects));
        for (Suspect* suspect : suspects) {
            suspect->finding.repaired = true;
        }
        return {};
    }

    Result<void> note_again(const std::vector<Suspect*>& suspects) {
        if (suspects.empty()) {
            return {};
        }
        std::vector<FileId> ids;
        std::transform(suspects.begin(), suspects.end(), std::back_inserter(ids),
                       [](const Suspect* suspect) { return suspect->finding.id; });
        return parts().journal->tell_again(ids, parts().clock->now());
    }

    Result<void> tell() {
        for (const Suspect& suspect : suspects_) {
            if (suspect.is_finding) {
                count(suspect.finding);
                FILESTORE_TRY(request_.on_finding ? request_.on_finding(suspect.finding) : Result<void>());
            }
        }
        return {};
    }

    void count(const DriftFinding& finding) {
        report_.repaired += finding.repaired ? 1 : 0;
        report_.failed += finding.reason ? 1 : 0;
        switch (finding.drift) {
            case Drift::unrecorded:
                report_.unrecorded += 1;
                break;
            case Drift::marked_deleted:
                report_.marked_deleted += 1;
                break;
            case Drift::missing:
                report_.missing += 1;
                break;
            case Drift::untold:
                report_.untold += 1;
                break;
        }
    }

    Result<void> finish() {
        give(report_);
        return {};
    }

    const ReconcileRequest request_;
    // What was read and is not compared yet.
    std::deque<FileId> listed_;
    std::deque<RecordDetails> details_;
    std::deque<CatalogueRow> rows_;
    std::string next_cursor_;
    FileId last_details_{};
    std::optional<postgrest::RowPlace> last_row_;
    bool store_has_ended_ = false;
    bool catalogue_has_ended_ = false;
    bool server_has_ended_ = false;
    /// While they are looked at only the one that a look is of is changed.
    std::vector<Suspect> suspects_;
    ReconcileReport report_;
};

}  // namespace

void start_reconcile(const ServiceParts& parts, ReconcileRequest request,
                     PendingAnswerPtr<ReconcileReport> answer) {
    std::make_shared<ReconcileRun>(parts, std::move(request), std::move(answer))->start();
}

}  // namespace filestore
