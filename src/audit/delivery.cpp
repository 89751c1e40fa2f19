#include "audit/delivery.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <iterator>
#include <utility>

namespace filestore {
namespace {

using postgrest::Refusal;
using postgrest::Refused;

/// So many are told alone, from all over the batch, before it is believed that the server takes none.
constexpr std::size_t most_probes = 8;

/// Whether the row is changed once it is there. A key may insert rows, and not change them.
bool changes_its_row(const OutboxEntry& entry) {
    return (entry.row.deleted_at && !entry.never_told) || !entry.undone.empty();
}

class Deliverer {
public:
    explicit Deliverer(const TellEntries& tell) : tell_(tell) {}

    Delivery deliver(std::span<const OutboxEntry> batch) {
        waiting_.emplace_back(batch.begin(), batch.end());
        while (!waiting_.empty() && !delivery_.stopped && !takes_none()) {
            const auto part = std::move(waiting_.back());
            waiting_.pop_back();
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
            for (OutboxEntry& entry : entries) {
                ++of(entry).taken;
                delivery_.delivered.push_back(std::move(entry));
            }
        } else if (!postgrest::concerns_rows(*verdict.refused)) {
            stop(std::move(*verdict.refused));
        } else if (entries.size() == 1) {
            take_single(std::move(entries.front()), std::move(*verdict.refused));
        } else if (verdict.refused->perhaps_of_a_row && entries.size() > most_probes &&
                   of(entries.front()).taken == 0) {
            probe(entries);
        } else {
            const auto half = entries.begin() + static_cast<std::ptrdiff_t>(entries.size() / 2);
            waiting_.emplace_back(half, entries.end());
            waiting_.emplace_back(entries.begin(), half);
        }
    }

    void take_single(OutboxEntry entry, Refused refused) {
        if (refused.perhaps_of_a_row) {
            ++of(entry).suspects;
            suspects_.push_back({std::move(entry), std::move(refused)});
        } else {
            delivery_.refused.push_back({std::move(entry), std::move(refused.error)});
        }
    }

    /// Some of them alone, the first and the last among them, before the rest.
    void probe(std::vector<OutboxEntry>& entries) {
        std::vector<OutboxEntry> rest;
        std::vector<std::vector<OutboxEntry>> probes;
        for (std::size_t i = 0; i < entries.size(); ++i) {
            const bool is_probe = i == probes.size() * (entries.size() - 1) / (most_probes - 1);
            (is_probe ? probes.emplace_back() : rest).push_back(std::move(entries[i]));
        }
        waiting_.push_back(std::move(rest));
        std::move(probes.rbegin(), probes.rend(), std::back_inserter(waiting_));
    }

    /// Looks no further for a row that is taken.
    [[nodiscard]] bool takes_none() const {
        return std::any_of(kinds_.begin(), kinds_.end(),
                           [](const Kind& kind) { return kind.taken == 0 && kind.suspects >= most_probes; });
    }

    void stop(Refused refused) {
        if (!delivery_.stopped || delivery_.stopped->refusal == Refusal::for_now) {
            delivery_.stopped = std::move(refused);
        }
    }

    /// Where the table takes no row like these, nothing is wrong with them.
    void judge_suspects() {
        for (Suspect& suspect : suspects_) {
            if (of(suspect.entry).taken > 0) {
                delivery_.refused.push_back({std::move(suspect.entry), std::move(suspect.refused.error)});
            } else {
                stop(std::move(suspect.refused));
            }
        }
    }

    struct Suspect {
        OutboxEntry entry;
        Refused refused;
    };

    /// What became of entries whose rows are changed, or of the others.
    struct Kind {
        std::size_t taken = 0;
        std::size_t suspects = 0;
    };

    Kind& of(const OutboxEntry& entry) { return kinds_[changes_its_row(entry) ? 1 : 0]; }

    const TellEntries& tell_;
    std::vector<std::vector<OutboxEntry>> waiting_;
    std::vector<Suspect> suspects_;
    std::array<Kind, 2> kinds_;
    Delivery delivery_;
};

}  // namespace

Delivery deliver(std::span<const OutboxEntry> batch, const TellEntries& tell) {
    return Deliverer(tell).deliver(batch);
}

}  // namespace filestore
