#include "audit/delivery.h"

namespace filestore {
namespace {

bool concerns_rows(postgrest::Refusal refusal) {
    return refusal == postgrest::Refusal::of_a_row || refusal == postgrest::Refusal::of_size;
}

}  // namespace

Delivery deliver(std::span<const OutboxEntry> batch, const TellEntries& tell) {
    Delivery delivery;
    std::vector<std::span<const OutboxEntry>> waiting;
    if (!batch.empty()) {
        waiting.push_back(batch);
    }
    while (!waiting.empty()) {
        const auto part = waiting.back();
        waiting.pop_back();
        auto refused = tell(part);
        if (!refused) {
            delivery.delivered.insert(delivery.delivered.end(), part.begin(), part.end());
        } else if (!concerns_rows(refused->refusal)) {
            delivery.stopped = std::move(refused);
            break;
        } else if (part.size() == 1) {
            delivery.refused.push_back({part.front(), refused->error});
        } else {
            const std::size_t half = part.size() / 2;
            waiting.push_back(part.subspan(half));
            waiting.push_back(part.first(half));
        }
    }
    return delivery;
}

}  // namespace filestore
