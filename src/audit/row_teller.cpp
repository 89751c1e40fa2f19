#include "audit/row_teller.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "audit/postgrest/judgement.h"
#include "audit/postgrest/page_request.h"
#include "audit/postgrest/rows.h"
#include "core/try.h"

namespace filestore {
namespace {

using postgrest::Detail;
using postgrest::Refusal;
using postgrest::Refused;
using postgrest::Request;
using postgrest::SeenRow;

/// Deletions at more times than these are claimed.
constexpr std::size_t most_single_times = 16;

using Entries = std::vector<const OutboxEntry*>;
using EntriesByTime = std::map<Timestamp, Entries>;

/// A request and the entries that it is for.
struct Step {
    Request request;
    Entries entries;
};

/// A step that was not refused.
struct Written {
    Entries entries;
    /// The row of each of them; else of some, or none.
    bool is_whole = false;
};

/// A row that was looked for.
struct Seen {
    const OutboxEntry* entry = nullptr;
    SeenRow row;
};

/// A row that was looked at, and is not as it must be.
struct Judged {
    const OutboxEntry* entry = nullptr;
    Refused refused;
};

/// Tells one batch. One thread at a time.
class RowTeller {
public:
    RowTeller(const std::string& table, const Send& send) : table_(table), send_(send) {}

    std::vector<Verdict> tell(std::span<const OutboxEntry> entries) {
        const auto told = try_to_tell(entries);
        if (!told.ok()) {
            verdicts_ = {};
            done_ = {};
            judged_ = {};
            add_verdict(pointers(entries), Refused{Refusal::of_the_table, told.error(), {}}, Writing::insert);
        }
        for (const Writing by : {Writing::insert, Writing::change}) {
            add_verdict(done_[by], std::nullopt, by);
            add_judged(judged_[by], by);
        }
        return std::move(verdicts_);
    }

private:
    Result<void> try_to_tell(std::span<const OutboxEntry> entries) {
        FILESTORE_TRY_ASSIGN(const Entries known, insert(entries));
        FILESTORE_TRY_ASSIGN(const Entries ready, take_back(known));
        EntriesByTime deletions;
        Entries uploads;
        for (const OutboxEntry* entry : ready) {
            if (entry->row.deleted_at) {
                deletions[*entry->row.deleted_at].push_back(entry);
            } else {
                uploads.push_back(entry);
            }
        }
        FILESTORE_TRY(look_for(uploads, Writing::insert,
                               [](const Seen& seen) { return postgrest::judge_inserted(seen.row); }));
        return deletions.size() > most_single_times ? mark_by_claims(deletions) : mark(deletions);
    }

    /// Rows for files of which the table may have none yet, as they are now. Answers the entries of which some rows were there before. Those of which nobody was told are told by themselves, as no row of theirs should be.
    Result<Entries> insert(std::span<const OutboxEntry> entries) {
        std::map<std::pair<bool, bool>, Entries> kinds;
        for (const OutboxEntry& entry : entries) {
            kinds[{entry.never_told, entry.row.uploaded_at.has_value()}].push_back(&entry);
        }
        std::vector<Step> steps;
        for (auto& [kind, some] : kinds) {
            const auto rows = rows_of(some);
            FILESTORE_TRY_ASSIGN(auto request, postgrest::insert_rows(table_, rows));
            steps.push_back({std::move(request), std::move(some)});
        }
        Entries known;
        for (const Written& written : run(steps, Writing::insert)) {
            append(written.is_whole ? done_[Writing::insert] : known, written.entries);
        }
        return known;
    }

    /// Deletions that were undone; answers the entries of which none is left, and something else may be to tell. The same row may have several of them.
    Result<Entries> take_back(const Entries& entries) {
        EntriesByTime undone;
        for (const OutboxEntry* entry : entries) {
            for (const Timestamp time : entry->undone) {
                undone[time].push_back(entry);
            }
        }
        FILESTORE_TRY_ASSIGN(const Doubts doubts, run_take_backs(undone));
        Entries ready;
        Entries doubtful;
        for (const OutboxEntry* entry : entries) {
            if (entry->undone.empty()) {
                ready.push_back(entry);
            } else if (doubts.written_in_part.contains(entry)) {
                doubtful.push_back(entry);
            } else if (!doubts.refused.contains(entry)) {
                (entry->row.deleted_at ? ready : done_[Writing::change]).push_back(entry);
            }
        }
        FILESTORE_TRY_ASSIGN(const auto rows, see(doubtful, Detail::brief, Writing::change));
        for (const Seen& seen : rows) {
            if (auto refused = postgrest::judge_taken_back(seen.row, seen.entry->undone)) {
                judged_[Writing::change].push_back({seen.entry, std::move(*refused)});
            } else {
                (seen.entry->row.deleted_at ? ready : done_[Writing::insert]).push_back(seen.entry);
            }
        }
        return ready;
    }

    /// Of several requests for each entry. None is in both.
    struct Doubts {
        std::set<const OutboxEntry*> refused{};
        std::set<const OutboxEntry*> written_in_part{};
    };

    Result<Doubts> run_take_backs(const EntriesByTime& undone) {
        FILESTORE_TRY_ASSIGN(const auto steps,
                             steps_for(undone, postgrest::most_ids_in_filter, postgrest::take_back_deleted));
        const auto replies = send_all(steps);
        Doubts doubts;
        for (std::size_t i = 0; i < steps.size(); ++i) {
            Entries some = steps[i].entries;
            if (replies[i].refused) {
                std::erase_if(some,
                              [&](const OutboxEntry* entry) { return !doubts.refused.insert(entry).second; });
                add_verdict(some, replies[i].refused, Writing::change);
            } else if (!wrote_all(replies[i], some)) {
                doubts.written_in_part.insert(some.begin(), some.end());
            }
        }
        std::erase_if(doubts.written_in_part,
                      [&](const OutboxEntry* entry) { return doubts.refused.contains(entry); });
        return doubts;
    }

    /// One request for each time.
    Result<void> mark(const EntriesByTime& deletions) {
        FILESTORE_TRY_ASSIGN(const auto steps,
                             steps_for(deletions, postgrest::most_ids_in_filter, postgrest::mark_deleted));
        Entries doubtful;
        for (const Written& written : run(steps, Writing::change)) {
            append(written.is_whole ? done_[Writing::change] : doubtful, written.entries);
        }
        return look_for(doubtful, Writing::change,
                        [](const Seen& seen) { return postgrest::judge_marked(seen.row); });
    }

    Result<void> mark_by_claims(const EntriesByTime& deletions) {
        EntriesByTime by_claim;
        for (const auto& [time, entries] : deletions) {
            append(by_claim[postgrest::claim_of(time)], entries);
        }
        FILESTORE_TRY_ASSIGN(const auto steps,
                             steps_for(by_claim, postgrest::most_ids_in_filter, postgrest::mark_deleted));
        Entries claimed;
        for (const Written& written : run(steps, Writing::change)) {
            append(claimed, written.entries);
        }
        FILESTORE_TRY_ASSIGN(const Entries unchanged, look_at_claimed(claimed));
        return unchanged.empty() ? Result<void>() : set(unchanged);
    }

    /// Answers those whose rows are claimed and otherwise as the catalogue has them. Others were deleted before, or are marked one by one.
    Result<Entries> look_at_claimed(const Entries& entries) {
        FILESTORE_TRY_ASSIGN(const auto rows, see(entries, Detail::whole, Writing::change));
        Entries unchanged;
        Entries changed;
        for (const Seen& seen : rows) {
            const OutboxEntry& entry = *seen.entry;
            const auto& row = seen.row.row;
            auto refused = postgrest::judge_marked(seen.row);
            if (seen.row.unreadable) {
                changed.push_back(seen.entry);
            } else if (refused) {
                judged_[Writing::change].push_back({seen.entry, std::move(*refused)});
            } else if (row->deleted_at != postgrest::claim_of(*entry.row.deleted_at)) {
                done_[Writing::insert].push_back(seen.entry);
            } else {
                const bool is_as_recorded =
                    row->file_path == entry.row.file_path && row->metadata == entry.row.metadata;
                (is_as_recorded ? unchanged : changed).push_back(seen.entry);
            }
        }
        FILESTORE_TRY(mark(by_time(changed)));
        return unchanged;
    }

    /// Claimed rows get their own times.
    Result<void> set(const Entries& claimed) {
        const auto rows = rows_of(claimed);
        FILESTORE_TRY_ASSIGN(auto request, postgrest::set_deleted(table_, rows));
        const Reply reply = send_({std::move(request)}).front();
        if (reply.refused && postgrest::concerns_rows(*reply.refused)) {
            return mark(by_time(claimed));
        }
        if (reply.refused) {
            add_verdict(claimed, reply.refused, Writing::change);
        } else if (wrote_all(reply, claimed)) {
            append(done_[Writing::change], claimed);
        } else {
            return look_for(claimed, Writing::change, [](const Seen& seen) {
                return postgrest::judge_set(seen.row, *seen.entry->row.deleted_at);
            });
        }
        return {};
    }

    /// Judges by their rows what a request that was done may not have written. Where all is well that was no doing of ours.
    template <class Judge>
    Result<void> look_for(const Entries& entries, Writing by, const Judge& judge) {
        FILESTORE_TRY_ASSIGN(const auto rows, see(entries, Detail::brief, by));
        for (const Seen& seen : rows) {
            if (auto refused = judge(seen)) {
                judged_[by].push_back({seen.entry, std::move(*refused)});
            } else {
                done_[Writing::insert].push_back(seen.entry);
            }
        }
        return {};
    }

    /// The rows of those whose reading is not refused. What an answer with rows leaves out is asked for again: the server gives as few rows at a time as it likes.
    Result<std::vector<Seen>> see(Entries to_ask, Detail detail, Writing by) {
        std::vector<Seen> seen;
        while (!to_ask.empty()) {
            std::vector<Step> steps;
            for (Entries& some : parts_of(std::exchange(to_ask, {}), postgrest::most_ids_to_read)) {
                const auto ids = ids_of(some);
                FILESTORE_TRY_ASSIGN(auto request, postgrest::read_rows_of(table_, ids, detail));
                steps.push_back({std::move(request), std::move(some)});
            }
            const auto replies = send_all(steps);
            for (std::size_t i = 0; i < steps.size(); ++i) {
                if (replies[i].refused) {
                    add_verdict(steps[i].entries, replies[i].refused, by);
                    continue;
                }
                const auto page = postgrest::read_page(replies[i].body);
                if (page.ok()) {
                    append(to_ask, find(steps[i].entries, *page, seen));
                } else if (detail == Detail::whole) {
                    add_unreadable(steps[i].entries, page.error(), seen);
                } else {
                    return page.error();
                }
            }
        }
        return seen;
    }

    /// Metadata may be more than one answer holds.
    static void add_unreadable(const Entries& entries, const Error& reason, std::vector<Seen>& seen) {
        for (const OutboxEntry* entry : entries) {
            seen.push_back({entry, {entry->row.id, {}, reason}});
        }
    }

    /// Answers those that are not in a page with others.
    static Entries find(const Entries& entries, const postgrest::RowPage& page, std::vector<Seen>& seen) {
        Entries missing;
        for (const OutboxEntry* entry : entries) {
            const FileId& id = entry->row.id;
            const auto is_its = [&](const auto& row) { return row.id == id; };
            const auto row = std::find_if(page.rows.begin(), page.rows.end(), is_its);
            const auto untimed = std::find_if(page.untimed.begin(), page.untimed.end(), is_its);
            if (row != page.rows.end()) {
                seen.push_back({entry, {id, *row, {}}});
            } else if (untimed != page.untimed.end()) {
                seen.push_back({entry, {id, {}, untimed->reason}});
            } else {
                missing.push_back(entry);
            }
        }
        if (missing.size() < entries.size()) {
            return missing;
        }
        for (const OutboxEntry* entry : missing) {
            seen.push_back({entry, {entry->row.id, {}, {}}});
        }
        return {};
    }

    using MakeRequest = Result<Request> (*)(std::string_view, std::span<const FileId>, Timestamp);

    Result<std::vector<Step>> steps_for(const EntriesByTime& by_time, std::size_t most_ids,
                                        MakeRequest make) {
        std::vector<Step> steps;
        for (const auto& [time, all] : by_time) {
            for (Entries& some : parts_of(all, most_ids)) {
                const auto ids = ids_of(some);
                FILESTORE_TRY_ASSIGN(auto request, make(table_, ids, time));
                steps.push_back({std::move(request), std::move(some)});
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

    /// Answers what was not refused.
    std::vector<Written> run(const std::vector<Step>& steps, Writing by) {
        const auto replies = send_all(steps);
        std::vector<Written> written;
        for (std::size_t i = 0; i < steps.size(); ++i) {
            const Entries& entries = steps[i].entries;
            if (replies[i].refused) {
                add_verdict(entries, replies[i].refused, by);
            } else {
                written.push_back({entries, wrote_all(replies[i], entries)});
            }
        }
        return written;
    }

    /// Where nothing was written it may be of all: who asks again then asks for a few of them.
    void add_judged(const std::vector<Judged>& judged, Writing by) {
        Entries together;
        for (const Judged& one : judged) {
            if (done_[by].empty()) {
                together.push_back(one.entry);
            } else {
                add_verdict({one.entry}, one.refused, by);
            }
        }
        if (!together.empty()) {
            add_verdict(together, judged.front().refused, by);
        }
    }

    void add_verdict(const Entries& entries, std::optional<Refused> refused, Writing by) {
        if (entries.empty()) {
            return;
        }
        Verdict& verdict = verdicts_.emplace_back();
        std::transform(entries.begin(), entries.end(), std::back_inserter(verdict.entries),
                       [](const OutboxEntry* entry) { return *entry; });
        verdict.refused = std::move(refused);
        verdict.by = by;
    }

    static bool wrote_all(const Reply& reply, const Entries& entries) {
        return reply.rows_written >= entries.size();
    }

    static void append(Entries& entries, const Entries& more) {
        entries.insert(entries.end(), more.begin(), more.end());
    }

    static std::vector<Entries> parts_of(const Entries& entries, std::size_t most) {
        std::vector<Entries> parts;
        for (const OutboxEntry* entry : entries) {
            if (parts.empty() || parts.back().size() == most) {
                parts.emplace_back();
            }
            parts.back().push_back(entry);
        }
        return parts;
    }

    static std::vector<FileId> ids_of(const Entries& entries) {
        std::vector<FileId> ids;
        std::transform(entries.begin(), entries.end(), std::back_inserter(ids),
                       [](const OutboxEntry* entry) { return entry->row.id; });
        return ids;
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
    /// What the server has, by what was written for it; what it had before counts with what was inserted.
    std::map<Writing, Entries> done_;
    std::map<Writing, std::vector<Judged>> judged_;
    std::vector<Verdict> verdicts_;
};

}  // namespace

std::vector<Verdict> tell_rows(const std::string& table, std::span<const OutboxEntry> entries,
                               const Send& send) {
    return RowTeller(table, send).tell(entries);
}

}  // namespace filestore
