#include "audit/row_teller.h"

#include <algorithm>
#include <array>
#include <chrono>
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

/// Deletions at more times than these are claimed, where a table lets them.
constexpr std::size_t most_single_times = 16;
/// Deletions at so many of many times show what a table makes of them.
constexpr std::size_t first_times = 4;

using Entries = std::vector<const OutboxEntry*>;
using EntriesByTime = std::map<Timestamp, Entries>;

/// A request and the entries that it is for.
struct Step {
    Request request;
    Entries entries;
};

/// A row that was given back, or looked for.
struct Seen {
    const OutboxEntry* entry = nullptr;
    SeenRow row;
};

/// What a request wrote, as it is now, and the rest of what it was for.
struct Outcome {
    std::vector<Seen> written;
    Entries rest;
};

/// What a table makes of deletions. Neither where somebody recorded all of them before.
struct Marked {
    /// One of those that were written.
    std::optional<Seen> written;
    /// Why one was not.
    std::optional<Refused> refused;
};

/// Of rows and a time.
using MakeRequest = Result<Request> (*)(std::string_view table, std::span<const FileId> ids, Timestamp at);

Result<Request> mark_unmarked(std::string_view table, std::span<const FileId> ids, Timestamp at) {
    return postgrest::change_deleted(table, ids, std::nullopt, at);
}

Result<Request> mark_claimed(std::string_view table, std::span<const FileId> ids, Timestamp at) {
    return postgrest::change_deleted(table, ids, postgrest::claim_of(at), at);
}

Result<Request> mark_moved(std::string_view table, std::span<const FileId> ids, Timestamp at) {
    return postgrest::change_deleted(table, ids, postgrest::trial_of(at), at);
}

/// Why a row is not as the entry has it.
using Judge = std::optional<Refused> (*)(const SeenRow& row, const OutboxEntry& entry);

std::optional<Refused> judge_stored(const SeenRow& row, const OutboxEntry&) {
    return postgrest::judge_inserted(row);
}

std::optional<Refused> judge_deleted(const SeenRow& row, const OutboxEntry& entry) {
    return postgrest::judge_marked(row, *entry.row.deleted_at);
}

std::optional<Refused> judge_undone(const SeenRow& row, const OutboxEntry& entry) {
    return postgrest::judge_taken_back(row, entry.undone);
}

/// Whether a row may be refused because it says that it is deleted.
bool may_be_of_the_deletion(const Refused& refused) {
    return refused.refusal == Refusal::of_a_row ||
           (refused.perhaps_of_a_row && refused.refusal != Refusal::for_now);
}

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
        FILESTORE_TRY_ASSIGN(const auto stored, see(uploads, Detail::brief, Writing::insert));
        judge_rows(stored, Writing::insert, judge_stored);
        if (deletions.size() > most_single_times) {
            return mark_many(std::move(deletions));
        }
        FILESTORE_TRY(mark(deletions));
        return {};
    }

    /// Rows for files of which the table may have none yet, as they are now. Answers the entries of which some rows were there before. Those of which nobody was told are told by themselves, as no row of theirs should be.
    Result<Entries> insert(std::span<const OutboxEntry> entries) {
        std::map<std::array<bool, 3>, Entries> kinds;
        for (const OutboxEntry& entry : entries) {
            const bool is_deleted = entry.row.deleted_at.has_value();
            kinds[{entry.never_told, entry.row.uploaded_at.has_value(), is_deleted}].push_back(&entry);
        }
        std::vector<Step> steps;
        for (auto& [kind, some] : kinds) {
            const auto rows = rows_of(some);
            FILESTORE_TRY_ASSIGN(auto request, postgrest::insert_rows(table_, rows));
            steps.push_back({std::move(request), std::move(some)});
        }
        const auto replies = send_all(steps);
        Entries known;
        for (std::size_t i = 0; i < steps.size(); ++i) {
            const Entries& some = steps[i].entries;
            const bool are_deleted = some.front()->row.deleted_at.has_value();
            FILESTORE_TRY_ASSIGN(const Entries rest, are_deleted ? take_deleted(some, replies[i])
                                                                 : take_stored(some, replies[i]));
            append(known, rest);
        }
        return known;
    }

    /// Of an insertion. Each of these answers what may have been there before.
    Result<Entries> take_stored(const Entries& entries, const Reply& reply) {
        if (!reply.refused && reply.rows_written < entries.size()) {
            return entries;
        }
        if (reply.refused) {
            add_verdict(entries, reply.refused, Writing::insert);
        } else {
            append(done_[Writing::insert], entries);
        }
        return Entries();
    }

    Result<Entries> take_deleted(const Entries& entries, const Reply& reply) {
        if (!reply.refused) {
            return take_written(entries, reply, Writing::insert, judge_deleted);
        }
        if (may_be_of_the_deletion(*reply.refused)) {
            return insert_as_stored(entries, *reply.refused);
        }
        add_verdict(entries, reply.refused, Writing::insert);
        return Entries();
    }

    /// A table may take rows of files, and none of a file that is deleted.
    Result<Entries> insert_as_stored(const Entries& entries, const Refused& refused) {
        auto rows = rows_of(entries);
        for (CatalogueRow& row : rows) {
            row.deleted_at.reset();
        }
        FILESTORE_TRY_ASSIGN(auto request, postgrest::insert_rows(table_, rows));
        const Reply reply = send_({std::move(request)}).front();
        if (!reply.refused) {
            return entries;
        }
        add_verdict(entries, postgrest::concerns_rows(*reply.refused) ? refused : reply.refused,
                    Writing::insert);
        return Entries();
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
            } else if (doubts.unwritten.contains(entry)) {
                doubtful.push_back(entry);
            } else if (!doubts.refused.contains(entry)) {
                (entry->row.deleted_at ? ready : done_[Writing::change]).push_back(entry);
            }
        }
        FILESTORE_TRY_ASSIGN(const auto rows, see(doubtful, Detail::brief, Writing::change));
        for (const Seen& seen : rows) {
            if (auto refused = judge_undone(seen.row, *seen.entry)) {
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
        /// By one of them.
        std::set<const OutboxEntry*> unwritten{};
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
            } else {
                const Entries rest = outcome_of(some, replies[i], judge_undone).rest;
                doubts.unwritten.insert(rest.begin(), rest.end());
            }
        }
        std::erase_if(doubts.unwritten,
                      [&](const OutboxEntry* entry) { return doubts.refused.contains(entry); });
        return doubts;
    }

    /// One request for each time, where there is none, and one where the row is claimed for it.
    Result<Marked> mark(const EntriesByTime& deletions) {
        Marked marked;
        FILESTORE_TRY_ASSIGN(const Entries rest, change(deletions, mark_unmarked, marked));
        FILESTORE_TRY_ASSIGN(const auto rows, see(rest, Detail::brief, Writing::change));
        std::vector<Seen> others;
        Entries claimed;
        Entries moved;
        for (const Seen& seen : rows) {
            if (is_claimed(seen)) {
                claimed.push_back(seen.entry);
            } else if (is_moved(seen)) {
                moved.push_back(seen.entry);
            } else {
                others.push_back(seen);
            }
        }
        FILESTORE_TRY_ASSIGN(Entries left, change(by_time(claimed), mark_claimed, marked));
        FILESTORE_TRY_ASSIGN(const Entries left_moved, move_back(by_time(moved)));
        append(left, left_moved);
        FILESTORE_TRY_ASSIGN(const auto as_they_were, see(left, Detail::brief, Writing::change));
        others.insert(others.end(), as_they_were.begin(), as_they_were.end());
        if (auto refused = judge_rows(others, Writing::change, judge_deleted)) {
            marked.refused = std::move(refused);
        }
        return marked;
    }

    static bool is_claimed(const Seen& seen) {
        return seen.row.row && seen.row.row->deleted_at == postgrest::claim_of(*seen.entry->row.deleted_at);
    }

    /// By may_be_claimed(), of which somebody did not live to see the end.
    static bool is_moved(const Seen& seen) {
        return seen.row.row && seen.row.row->deleted_at == postgrest::trial_of(*seen.entry->row.deleted_at);
    }

    /// Answers those that stay as they are, which is no fault: they are deleted.
    Result<Entries> move_back(const EntriesByTime& deletions) {
        FILESTORE_TRY_ASSIGN(const auto steps,
                             steps_for(deletions, postgrest::most_ids_in_filter, mark_moved));
        const auto replies = send_all(steps);
        Entries rest;
        for (std::size_t i = 0; i < steps.size(); ++i) {
            const auto& refused = replies[i].refused;
            if (refused && !postgrest::concerns_rows(*refused)) {
                add_verdict(steps[i].entries, refused, Writing::change);
            } else {
                append(rest, take_written(steps[i].entries, replies[i], Writing::change, judge_deleted));
            }
        }
        return rest;
    }

    /// Answers those that were not refused, and not changed.
    Result<Entries> change(const EntriesByTime& deletions, MakeRequest make, Marked& marked) {
        FILESTORE_TRY_ASSIGN(const auto steps, steps_for(deletions, postgrest::most_ids_in_filter, make));
        return take_changes(steps, marked);
    }

    Entries take_changes(const std::vector<Step>& steps, Marked& marked) {
        const auto replies = send_all(steps);
        Entries rest;
        for (std::size_t i = 0; i < steps.size(); ++i) {
            if (replies[i].refused) {
                marked.refused = replies[i].refused;
                add_verdict(steps[i].entries, replies[i].refused, Writing::change);
                continue;
            }
            Outcome outcome = outcome_of(steps[i].entries, replies[i], judge_deleted);
            append(done_[Writing::change], entries_of(outcome.written));
            append(rest, outcome.rest);
            if (!outcome.written.empty()) {
                marked.written = std::move(outcome.written.front());
            }
        }
        return rest;
    }

    /// A few first. Where none of them is taken, none of the others is tried: whoever tells may ask again for fewer.
    Result<void> mark_many(EntriesByTime deletions) {
        for (std::size_t count = first_times; !deletions.empty(); count *= 2) {
            FILESTORE_TRY_ASSIGN(const Marked first, mark(take_first(deletions, count)));
            if (first.written) {
                FILESTORE_TRY_ASSIGN(const bool may_claim, may_be_claimed(*first.written));
                return may_claim ? claim(deletions) : mark_all(deletions);
            }
            if (first.refused) {
                add_verdict(entries_of(deletions), first.refused, Writing::change);
                return {};
            }
        }
        return {};
    }

    Result<void> mark_all(const EntriesByTime& deletions) {
        FILESTORE_TRY(mark(deletions));
        return {};
    }

    /// All of them rather than leave one, of which a verdict by itself would be believed.
    static EntriesByTime take_first(EntriesByTime& deletions, std::size_t count) {
        EntriesByTime first;
        while (!deletions.empty() && (first.size() < count || deletions.size() == 1)) {
            first.insert(deletions.extract(deletions.begin()));
        }
        return first;
    }

    /// Where a deletion is final, or hides the row, claims would stay. So the time of one row is moved first, and moved back (see trial_of()).
    Result<bool> may_be_claimed(const Seen& deleted) {
        const OutboxEntry* entry = deleted.entry;
        Seen moved = deleted;
        moved.row.row->deleted_at = postgrest::trial_of(*deleted.row.row->deleted_at);
        FILESTORE_TRY_ASSIGN(
            auto request, postgrest::change_deleted(table_, {&deleted.row.id, 1}, deleted.row.row->deleted_at,
                                                    moved.row.row->deleted_at));
        const Reply reply = send_({std::move(request)}).front();
        const auto changed = given_back({entry}, reply).written;
        if (!reply.refused && changed.empty()) {
            return false;
        }
        // Without an answer it may be moved.
        std::erase(done_[Writing::change], entry);
        FILESTORE_TRY(correct(changed.empty() ? std::vector{moved} : changed));
        const auto& done = done_[Writing::change];
        const bool is_as_before = std::find(done.begin(), done.end(), entry) != done.end();
        return is_as_before && !changed.empty() &&
               changed.front().row.row->deleted_at == moved.row.row->deleted_at;
    }

    Result<void> claim(const EntriesByTime& deletions) {
        EntriesByTime by_claim;
        for (const auto& [time, entries] : deletions) {
            append(by_claim[postgrest::claim_of(time)], entries);
        }
        FILESTORE_TRY_ASSIGN(const auto steps,
                             steps_for(by_claim, postgrest::most_ids_in_filter, mark_unmarked));
        const auto replies = send_all(steps);
        Entries claimed;
        std::vector<Seen> altered;
        for (std::size_t i = 0; i < steps.size(); ++i) {
            if (replies[i].refused) {
                add_verdict(steps[i].entries, replies[i].refused, Writing::change);
                continue;
            }
            Claims claims = claims_in(given_back(steps[i].entries, replies[i]));
            append(claimed, claims.claimed);
            append(claimed, claims.rest);
            std::move(claims.altered.begin(), claims.altered.end(), std::back_inserter(altered));
        }
        FILESTORE_TRY(correct(altered));
        FILESTORE_TRY_ASSIGN(const Entries unchanged, look_at_claimed(claimed));
        return unchanged.empty() ? Result<void>() : set(unchanged);
    }

    struct Claims {
        Entries claimed{};
        /// The table made another time of the claim.
        std::vector<Seen> altered{};
        Entries rest{};
    };

    static Claims claims_in(const Outcome& outcome) {
        Claims claims;
        claims.rest = outcome.rest;
        for (const Seen& seen : outcome.written) {
            if (is_claimed(seen)) {
                claims.claimed.push_back(seen.entry);
            } else if (seen.row.row->deleted_at) {
                claims.altered.push_back(seen);
            } else {
                claims.rest.push_back(seen.entry);
            }
        }
        return claims;
    }

    /// Rows that have another time get theirs.
    Result<void> correct(const std::vector<Seen>& altered) {
        std::vector<Step> steps;
        for (const Seen& seen : altered) {
            FILESTORE_TRY_ASSIGN(
                auto request, postgrest::change_deleted(table_, {&seen.row.id, 1}, seen.row.row->deleted_at,
                                                        seen.entry->row.deleted_at));
            steps.push_back({std::move(request), {seen.entry}});
        }
        Marked marked;
        return mark_all(by_time(take_changes(steps, marked)));
    }

    /// Answers those whose rows are claimed and otherwise as the catalogue has them. Others were deleted before, or are marked one by one: a table may take no claim, and a deletion at its time.
    Result<Entries> look_at_claimed(const Entries& entries) {
        FILESTORE_TRY_ASSIGN(const auto rows, see(entries, Detail::whole, Writing::change));
        Entries unchanged;
        Entries changed;
        Entries unmarked;
        for (const Seen& seen : rows) {
            if (seen.row.row && !seen.row.row->deleted_at) {
                unmarked.push_back(seen.entry);
            } else if (is_claimed(seen)) {
                const CatalogueRow& recorded = seen.entry->row;
                const CatalogueRow& row = *seen.row.row;
                const bool is_as_recorded =
                    row.file_path == recorded.file_path && row.metadata == recorded.metadata;
                (is_as_recorded ? unchanged : changed).push_back(seen.entry);
            } else if (seen.row.unreadable || is_moved(seen)) {
                changed.push_back(seen.entry);
            } else if (auto refused = judge_deleted(seen.row, *seen.entry)) {
                judged_[Writing::change].push_back({seen.entry, std::move(*refused)});
            } else {
                done_[Writing::insert].push_back(seen.entry);
            }
        }
        FILESTORE_TRY(finish(changed));
        FILESTORE_TRY(mark_all(by_time(unmarked)));
        return unchanged;
    }

    /// Claimed rows get their own times. A trigger may keep a row from it, or have taken the claim away.
    Result<void> set(const Entries& claimed) {
        const auto rows = rows_of(claimed);
        FILESTORE_TRY_ASSIGN(auto request, postgrest::set_deleted(table_, rows));
        const Reply reply = send_({std::move(request)}).front();
        if (reply.refused && !postgrest::concerns_rows(*reply.refused)) {
            add_verdict(claimed, reply.refused, Writing::change);
            return {};
        }
        return reply.refused
                   ? finish(claimed)
                   : mark_all(by_time(take_written(claimed, reply, Writing::change, judge_deleted)));
    }

    /// Claimed rows, one by one.
    Result<void> finish(const Entries& claimed) {
        Marked marked;
        FILESTORE_TRY_ASSIGN(const Entries rest, change(by_time(claimed), mark_claimed, marked));
        return mark_all(by_time(rest));
    }

    /// Answers the rest.
    Entries take_written(const Entries& entries, const Reply& reply, Writing by, Judge judge) {
        Outcome outcome = outcome_of(entries, reply, judge);
        append(done_[by], entries_of(outcome.written));
        return std::move(outcome.rest);
    }

    /// Whatever the rows say.
    static Outcome given_back(const Entries& entries, const Reply& reply) {
        return outcome_of(entries, reply,
                          [](const SeenRow&, const OutboxEntry&) { return std::optional<Refused>(); });
    }

    static Outcome outcome_of(const Entries& entries, const Reply& reply, Judge judge) {
        std::map<FileId, CatalogueRow> rows;
        if (auto page = postgrest::read_page(reply.body); page.ok()) {
            for (CatalogueRow& row : page->rows) {
                rows.emplace(row.id, std::move(row));
            }
        }
        Outcome outcome;
        for (const OutboxEntry* entry : entries) {
            const auto row = rows.find(entry->row.id);
            Seen seen{entry, {entry->row.id, {}, {}}};
            if (row != rows.end()) {
                seen.row.row = row->second;
            }
            if (seen.row.row && !judge(seen.row, *entry)) {
                outcome.written.push_back(std::move(seen));
            } else {
                outcome.rest.push_back(entry);
            }
        }
        return outcome;
    }

    /// Of entries that a request passed over. Where all is well that was no doing of ours. Answers why one is to be told again.
    std::optional<Refused> judge_rows(const std::vector<Seen>& rows, Writing by, Judge judge) {
        std::optional<Refused> reason;
        for (const Seen& seen : rows) {
            if (auto refused = judge(seen.row, *seen.entry)) {
                reason = refused;
                judged_[by].push_back({seen.entry, std::move(*refused)});
            } else {
                done_[Writing::insert].push_back(seen.entry);
            }
        }
        return reason;
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
                const auto& refused = replies[i].refused;
                if (refused && detail == Detail::whole && refused->refusal == Refusal::of_permission) {
                    // Metadata may be nothing that the key may read.
                    add_unreadable(steps[i].entries, refused->error, seen);
                    continue;
                }
                if (refused) {
                    add_verdict(steps[i].entries, refused, by);
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

    static Entries entries_of(const std::vector<Seen>& rows) {
        Entries entries;
        std::transform(rows.begin(), rows.end(), std::back_inserter(entries),
                       [](const Seen& seen) { return seen.entry; });
        return entries;
    }

    static Entries entries_of(const EntriesByTime& sorted) {
        Entries entries;
        for (const auto& [time, some] : sorted) {
            append(entries, some);
        }
        return entries;
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
