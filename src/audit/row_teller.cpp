#include "audit/row_teller.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <optional>
#include <unordered_set>
#include <utility>

#include "audit/postgrest/rows.h"
#include "core/try.h"

namespace filestore {
namespace {

using postgrest::Refusal;
using postgrest::Refused;
using postgrest::Request;

/// Deletions at more times than these are claimed.
constexpr std::size_t most_single_times = 16;

using Entries = std::vector<const OutboxEntry*>;
using EntriesByTime = std::map<Timestamp, Entries>;

/// A request and the entries that it is for.
struct Step {
    Request request;
    Entries entries;
};

/// Tells one batch. One thread at a time.
class RowTeller {
public:
    RowTeller(const std::string& table, const Send& send) : table_(table), send_(send) {}

    std::vector<Verdict> tell(std::span<const OutboxEntry> entries) {
        const auto told = try_to_tell(entries);
        if (!told.ok()) {
            verdicts_ = {};
            add_verdict(pointers(entries), Refused{Refusal::of_the_table, told.error(), {}});
        }
        return std::move(verdicts_);
    }

private:
    Result<void> try_to_tell(std::span<const OutboxEntry> entries) {
        FILESTORE_TRY_ASSIGN(const Entries inserted, insert(entries));
        FILESTORE_TRY_ASSIGN(const Entries ready, take_back(inserted));
        EntriesByTime deletions;
        for (const OutboxEntry* entry : ready) {
            if (entry->row.deleted_at && !entry->never_told) {
                deletions[*entry->row.deleted_at].push_back(entry);
            } else {
                done_.push_back(entry);
            }
        }
        FILESTORE_TRY(deletions.size() > most_single_times ? mark_by_claims(deletions) : mark(deletions));
        add_verdict(done_, std::nullopt);
        return {};
    }

    /// Rows for files of which the table may have none yet; answers the entries whose rows are there then.
    Result<Entries> insert(std::span<const OutboxEntry> entries) {
        std::vector<Step> steps;
        for (const bool has_time : {true, false}) {
            Entries some;
            std::vector<CatalogueRow> rows;
            for (const OutboxEntry& entry : entries) {
                if (entry.row.uploaded_at.has_value() == has_time) {
                    some.push_back(&entry);
                    rows.push_back(entry.row);
                }
            }
            if (!rows.empty()) {
                FILESTORE_TRY_ASSIGN(auto request, postgrest::insert_rows(table_, rows));
                steps.push_back({std::move(request), std::move(some)});
            }
        }
        return run(steps);
    }

    /// Deletions that were undone; answers the entries of which none is left. The same row may have several of them.
    Result<Entries> take_back(const Entries& entries) {
        EntriesByTime undone;
        for (const OutboxEntry* entry : entries) {
            for (const Timestamp time : entry->undone) {
                undone[time].push_back(entry);
            }
        }
        FILESTORE_TRY_ASSIGN(const auto steps,
                             steps_for(undone, postgrest::most_ids_in_filter, postgrest::take_back_deleted));
        const auto replies = send_all(steps);
        std::unordered_set<const OutboxEntry*> refused;
        for (std::size_t i = 0; i < steps.size(); ++i) {
            if (replies[i].refused) {
                Entries some = steps[i].entries;
                std::erase_if(some, [&](const OutboxEntry* entry) { return !refused.insert(entry).second; });
                add_verdict(some, replies[i].refused);
            }
        }
        Entries ready = entries;
        std::erase_if(ready, [&](const OutboxEntry* entry) { return refused.contains(entry); });
        return ready;
    }

    /// One request for each time.
    Result<void> mark(const EntriesByTime& deletions) {
        FILESTORE_TRY_ASSIGN(const Entries marked, run_marks(deletions));
        done_.insert(done_.end(), marked.begin(), marked.end());
        return {};
    }

    Result<void> mark_by_claims(const EntriesByTime& deletions) {
        EntriesByTime by_claim;
        for (const auto& [time, entries] : deletions) {
            auto& claimed = by_claim[postgrest::claim_of(time)];
            claimed.insert(claimed.end(), entries.begin(), entries.end());
        }
        FILESTORE_TRY_ASSIGN(const Entries claimed, run_marks(by_claim));
        FILESTORE_TRY_ASSIGN(const Entries unchanged, look_at_claimed(claimed));
        if (unchanged.empty()) {
            return {};
        }
        const auto rows = rows_of(unchanged);
        FILESTORE_TRY_ASSIGN(auto request, postgrest::set_deleted(table_, rows));
        const Reply reply = send_({request}).front();
        if (!reply.refused) {
            done_.insert(done_.end(), unchanged.begin(), unchanged.end());
        } else if (postgrest::concerns_rows(*reply.refused)) {
            return mark(by_time(unchanged));
        } else {
            add_verdict(unchanged, reply.refused);
        }
        return {};
    }

    /// Those whose rows are claimed and otherwise as the catalogue has them. Others were deleted before, or are marked one by one.
    Result<Entries> look_at_claimed(const Entries& entries) {
        Looks looks;
        looks.to_ask = entries;
        while (!looks.to_ask.empty()) {
            EntriesByTime by_claim;
            for (const OutboxEntry* entry : std::exchange(looks.to_ask, {})) {
                by_claim[postgrest::claim_of(*entry->row.deleted_at)].push_back(entry);
            }
            FILESTORE_TRY_ASSIGN(const auto steps,
                                 steps_for(by_claim, postgrest::most_ids_to_read, postgrest::read_deleted));
            const std::vector<Reply> replies = send_all(steps);
            for (std::size_t i = 0; i < steps.size(); ++i) {
                if (replies[i].refused) {
                    add_verdict(steps[i].entries, replies[i].refused);
                } else {
                    look(steps[i].entries, postgrest::read_rows(replies[i].body), looks);
                }
            }
        }
        FILESTORE_TRY(mark(by_time(looks.changed)));
        return std::move(looks.unchanged);
    }

    struct Looks {
        Entries unchanged{};
        Entries changed{};
        /// What an answer with rows left out: the server gives as few rows at a time as it likes.
        Entries to_ask{};
    };

    void look(const Entries& entries, const Result<std::vector<CatalogueRow>>& rows, Looks& looks) {
        if (!rows.ok()) {
            looks.changed.insert(looks.changed.end(), entries.begin(), entries.end());
            return;
        }
        Entries missing;
        for (const OutboxEntry* entry : entries) {
            const auto found = std::find_if(rows->begin(), rows->end(), [entry](const CatalogueRow& row) {
                return row.id == entry->row.id;
            });
            if (found == rows->end()) {
                missing.push_back(entry);
            } else if (found->file_path == entry->row.file_path && found->metadata == entry->row.metadata) {
                looks.unchanged.push_back(entry);
            } else {
                looks.changed.push_back(entry);
            }
        }
        Entries& taker = missing.size() == entries.size() ? done_ : looks.to_ask;
        taker.insert(taker.end(), missing.begin(), missing.end());
    }

    Result<Entries> run_marks(const EntriesByTime& by_time) {
        FILESTORE_TRY_ASSIGN(const auto steps,
                             steps_for(by_time, postgrest::most_ids_in_filter, postgrest::mark_deleted));
        return run(steps);
    }

    using MakeRequest = Result<Request> (*)(std::string_view, std::span<const FileId>, Timestamp);

    Result<std::vector<Step>> steps_for(const EntriesByTime& by_time, std::size_t most_ids,
                                        MakeRequest make) {
        std::vector<Step> steps;
        for (const auto& [time, all] : by_time) {
            for (auto first = all.begin(); first != all.end();) {
                const auto left = static_cast<std::size_t>(all.end() - first);
                const auto end = first + static_cast<std::ptrdiff_t>(std::min(left, most_ids));
                Entries some(first, end);
                std::vector<FileId> ids;
                std::transform(first, end, std::back_inserter(ids),
                               [](const OutboxEntry* entry) { return entry->row.id; });
                FILESTORE_TRY_ASSIGN(auto request, make(table_, ids, time));
                steps.push_back({std::move(request), std::move(some)});
                first = end;
            }
        }
        return steps;
    }

    std::vector<Reply> send_all(const std::vector<Step>& steps) {
        std::vector<Request> requests;
        std::transform(steps.begin(), steps.end(), std::back_inserter(requests),
                       [](const Step& step) { return step.request; });
        return requests.empty() ? std::vector<Reply>() : send_(requests);
    }

    /// Answers the entries for which all is well.
    Result<Entries> run(const std::vector<Step>& steps) {
        const auto replies = send_all(steps);
        Entries well;
        for (std::size_t i = 0; i < steps.size(); ++i) {
            const Entries& entries = steps[i].entries;
            if (replies[i].refused) {
                add_verdict(entries, replies[i].refused);
            } else {
                well.insert(well.end(), entries.begin(), entries.end());
            }
        }
        return well;
    }

    void add_verdict(const Entries& entries, std::optional<Refused> refused) {
        if (entries.empty()) {
            return;
        }
        Verdict& verdict = verdicts_.emplace_back();
        std::transform(entries.begin(), entries.end(), std::back_inserter(verdict.entries),
                       [](const OutboxEntry* entry) { return *entry; });
        verdict.refused = std::move(refused);
    }

    static Entries pointers(std::span<const OutboxEntry> entries) {
        Entries all;
        std::transform(entries.begin(), entries.end(), std::back_inserter(all),
                       [](const OutboxEntry& entry) { return &entry; });
        return all;
    }

    static std::vector<CatalogueRow> rows_of(const Entries& entries) {
        std::vector<CatalogueRow> rows;
        std::transform(entries.begin(), entries.end(), std::back_inserter(rows),
                       [](const OutboxEntry* entry) { return entry->row; });
        return rows;
    }

    static EntriesByTime by_time(const Entries& entries) {
        EntriesByTime sorted;
        for (const OutboxEntry* entry : entries) {
            sorted[*entry->row.deleted_at].push_back(entry);
        }
        return sorted;
    }

    const std::string& table_;
    const Send& send_;
    /// What the server has.
    Entries done_;
    std::vector<Verdict> verdicts_;
};

}  // namespace

std::vector<Verdict> tell_rows(const std::string& table, std::span<const OutboxEntry> entries,
                               const Send& send) {
    return RowTeller(table, send).tell(entries);
}

}  // namespace filestore
