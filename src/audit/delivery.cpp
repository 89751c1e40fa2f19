#include "audit/delivery.h"

#include <iterator>
#include <utility>

namespace filestore {
namespace {

using postgrest::Refusal;
using postgrest::Refused;

class Deliverer {
public:
    explicit Deliverer(const TellEntries& tell) : tell_(tell) {}

    Delivery deliver(std::span<const OutboxEntry> batch) {
        waiting_.emplace_back(batch.begin(), batch.end());
        while (!waiting_.empty() && !delivery_.stopped) {
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
            std::move(entries.begin(), entries.end(), std::back_inserter(delivery_.delivered));
        } else if (!postgrest::concerns_rows(verdict.refused->refusal)) {
            stop(std::move(*verdict.refused));
        } else if (entries.size() == 1) {
            const bool is_sure = verdict.refused->refusal != Refusal::perhaps_of_a_row;
            (is_sure ? delivery_.refused : suspects_)
                .push_back({std::move(entries.front()), std::move(verdict.refused->error)});
        } else {
            const auto half = entries.begin() + static_cast<std::ptrdiff_t>(entries.size() / 2);
            waiting_.emplace_back(half, entries.end());
            waiting_.emplace_back(entries.begin(), half);
        }
    }

    void stop(Refused refused) {
        if (!delivery_.stopped || delivery_.stopped->refusal == Refusal::for_now) {
            delivery_.stopped = std::move(refused);
        }
    }

    /// Where the table takes no row at all, nothing is wrong with these.
    void judge_suspects() {
        if (suspects_.empty()) {
            return;
        }
        if (delivery_.delivered.empty()) {
            return stop({Refusal::of_the_table, suspects_.front().reason, {}});
        }
        std::move(suspects_.begin(), suspects_.end(), std::back_inserter(delivery_.refused));
    }

    const TellEntries& tell_;
    std::vector<std::vector<OutboxEntry>> waiting_;
    std::vector<RefusedEntry> suspects_;
    Delivery delivery_;
};

}  // namespace

Delivery deliver(std::span<const OutboxEntry> batch, const TellEntries& tell) {
    return Deliverer(tell).deliver(batch);
}

}  // namespace filestore
