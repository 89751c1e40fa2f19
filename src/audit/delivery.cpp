#include "audit/delivery.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <deque>
#include <iterator>
#include <string>
#include <utility>

namespace filestore {
namespace {

using postgrest::Refusal;
using postgrest::Refused;

/// So many are told alone, from all over the batch, before it is believed that the server takes none.
constexpr std::size_t most_probes = 8;
/// So many requests in a row fail for now before it is believed that all would: each may take as long as the server gives a statement. Where nothing was taken before, it is believed sooner.
constexpr unsigned most_failures_for_now = 16;
constexpr unsigned most_failures_at_first = 5;

/// So many requests are refused for a row before some rows are told alone: one bad row among many is found sooner by halves.
constexpr unsigned most_refusals_for_a_row = 4;

/// Nothing like it was taken.
Refused as_of_the_table(const Refused& refused) {
    if (refused.refusal != Refusal::of_a_row) {
        return refused;
    }
    Error error(ErrorCode::configuration,
                std::string(refused.error.message()) +
                    ", and no other like it was: look at the table's columns, constraints and triggers",
                refused.error.details());
    return {Refusal::of_the_table, std::move(error), refused.retry_after, true};
}

class Deliverer {
public:
    Deliverer(const TellEntries& tell, const AskForRow& takes_a_row, Taken taken)
        : tell_(tell), takes_a_row_(takes_a_row) {
        delivery_.taken = taken;
    }

    /// Larger parts first, so that neighbours that are refused keep no others waiting.
    Delivery deliver(std::span<const OutboxEntry> batch) {
        waiting_.emplace_back(batch.begin(), batch.end());
        while (!waiting_.empty() && !delivery_.stopped && !takes_none()) {
            const auto part = std::move(waiting_.front());
            waiting_.pop_front();
            if (!part.empty()) {
                for (Verdict& verdict : tell_(part)) {
                    take(std::move(verdict));
                }
            }
        }
        judge_suspects();
        return std::move(delivery_);
    }

private:
    void take(Verdict verdict) {
        auto& entries = verdict.entries;
        if (!verdict.refused) {
            take_told(entries, verdict.by);
        } else if (!postgrest::concerns_rows(*verdict.refused)) {
            stop(std::move(*verdict.refused), verdict.by);
        } else {
            count_failure(*verdict.refused, verdict.by);
            if (entries.size() == 1) {
                take_single(std::move(entries.front()), std::move(*verdict.refused), verdict.by);
            } else {
                part(entries, *verdict.refused, verdict.by);
            }
        }
    }

    /// A row is not changed before its insertion was taken, if only as one that is there.
    void take_told(std::vector<OutboxEntry>& entries, Writing by) {
        failures_for_now_ = 0;
        delivery_.taken.inserts = true;
        delivery_.taken.changes |= by == Writing::change;
        std::move(entries.begin(), entries.end(), std::back_inserter(delivery_.delivered));
    }

    void count_failure(const Refused& refused, Writing by) {
        const bool takes_some = delivery_.taken.inserts || delivery_.taken.changes;
        if (refused.refusal == Refusal::for_now &&
            ++failures_for_now_ >= (takes_some ? most_failures_for_now : most_failures_at_first)) {
            stop(refused, by);
        }
    }

    void take_single(OutboxEntry entry, Refused refused, Writing by) {
        if (refused.perhaps_of_a_row || refused.refusal == Refusal::of_a_row) {
            may_ask_ |= refused.refusal != Refusal::for_now && by == Writing::insert;
            ++(by == Writing::change ? suspects_among_changes_ : suspects_among_inserts_);
            suspects_.push_back({std::move(entry), std::move(refused), by});
        } else {
            delivery_.refused.push_back({std::move(entry), std::move(refused.error)});
        }
    }

    void part(std::vector<OutboxEntry>& entries, const Refused& refused, Writing by) {
        delivery_.is_too_much |= refused.refusal == Refusal::for_now;
        refusals_for_a_row_ += refused.refusal == Refusal::of_a_row ? 1 : 0;
        const bool is_doubtful = refused.perhaps_of_a_row || refusals_for_a_row_ >= most_refusals_for_a_row;
        if (is_doubtful && refused.refusal != Refusal::of_size && !delivery_.taken.takes(by)) {
            return probe(entries);
        }
        const auto half = entries.begin() + static_cast<std::ptrdiff_t>(entries.size() / 2);
        waiting_.emplace_back(entries.begin(), half);
        waiting_.emplace_back(half, entries.end());
    }

    /// Some of them alone, the first and the last among them, or all where they are few, before the rest.
    void probe(std::vector<OutboxEntry>& entries) {
        std::vector<OutboxEntry> rest;
        std::vector<std::vector<OutboxEntry>> probes;
        for (std::size_t i = 0; i < entries.size(); ++i) {
            const bool is_probe = entries.size() <= most_probes ||
                                  i == probes.size() * (entries.size() - 1) / (most_probes - 1);
            (is_probe ? probes.emplace_back() : rest).push_back(std::move(entries[i]));
        }
        waiting_.push_back(std::move(rest));
        // Every second one, and then those between them: few may have to do.
        for (const std::size_t rest_of_two : {1U, 0U}) {
            for (std::size_t i = probes.size(); i-- > 0;) {
                if (i % 2 == rest_of_two) {
                    waiting_.push_front(std::move(probes[i]));
                }
            }
        }
    }

    /// Looks no further for a row that is taken.
    [[nodiscard]] bool takes_none() {
        return (suspects_among_inserts_ >= most_probes && !takes_inserts()) ||
               (!delivery_.taken.changes && suspects_among_changes_ >= most_probes);
    }

    bool takes_inserts() {
        if (!delivery_.taken.inserts && may_ask_ && !std::exchange(has_asked_, true)) {
            delivery_.taken.inserts = takes_a_row_();
        }
        return delivery_.taken.inserts;
    }

    void stop(Refused refused, Writing by) {
        if (!delivery_.stopped || delivery_.stopped->refusal == Refusal::for_now) {
            delivery_.stopped = std::move(refused);
            delivery_.stopped_by = by;
        }
    }

    /// Where the table takes no row like these, nothing is wrong with them.
    void judge_suspects() {
        if (!delivery_.stopped) {
            takes_inserts();
        }
        const Suspect* reason = nullptr;
        for (Suspect& suspect : suspects_) {
            const bool is_its_own = delivery_.taken.takes(suspect.by);
            const bool is_for_now = suspect.refused.refusal == Refusal::for_now;
            if (is_its_own && !is_for_now) {
                delivery_.refused.push_back({std::move(suspect.entry), std::move(suspect.refused.error)});
                continue;
            }
            if (!is_its_own && (reason == nullptr || is_for_now)) {
                reason = &suspect;
            }
            delivery_.left.push_back({std::move(suspect.entry), suspect.refused, suspect.by, is_its_own});
        }
        if (reason != nullptr && !delivery_.stopped) {
            stop(as_of_the_table(reason->refused), reason->by);
        }
    }

    struct Suspect {
        OutboxEntry entry;
        Refused refused;
        Writing by;
    };

    const TellEntries& tell_;
    const AskForRow& takes_a_row_;
    std::deque<std::vector<OutboxEntry>> waiting_;
    std::vector<Suspect> suspects_;
    std::size_t suspects_among_inserts_ = 0;
    std::size_t suspects_among_changes_ = 0;
    unsigned failures_for_now_ = 0;
    unsigned refusals_for_a_row_ = 0;
    /// One of the inserts was refused alone, and not for now.
    bool may_ask_ = false;
    bool has_asked_ = false;
    Delivery delivery_;
};

}  // namespace

Delivery deliver(std::span<const OutboxEntry> batch, const TellEntries& tell, const AskForRow& takes_a_row,
                 Taken taken) {
    return Deliverer(tell, takes_a_row, taken).deliver(batch);
}

}  // namespace filestore
