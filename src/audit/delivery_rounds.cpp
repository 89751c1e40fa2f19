#include "audit/delivery_rounds.h"

#include <algorithm>
#include <utility>

#include "core/try.h"

namespace filestore {

using postgrest::Refusal;
using postgrest::Refused;

namespace {

/// So many postponed entries in a row fail again before the rest is left for the next round.
constexpr unsigned most_postponed_in_vain = 5;
/// So many batches of a round may hold changes of which none is taken: what is behind them may be taken.
constexpr unsigned most_changes_in_vain = 8;

}  // namespace

Result<RoundOutcome> DeliveryRounds::run(RoundsHost& host, const SenderPauses& pauses) {
    host_ = &host;
    pauses_ = pauses;
    taken_ = {};
    outcome_ = {};
    changes_in_vain_ = 0;
    bool is_through = false;
    do {
        has_released_ = false;
        FILESTORE_TRY_ASSIGN(is_through, tell_new());
        if (is_through) {
            FILESTORE_TRY_ASSIGN(is_through, tell_postponed());
        }
    } while (is_through && has_released_);
    if (is_through && !outcome_.stopped) {
        outcome_.is_done = postponed_.empty();
        if (outcome_.is_done) {
            released_.clear();
        }
        for (const auto& [number, postponed] : postponed_) {
            note_stop(postponed.refused);
            const Time next = next_try(postponed);
            outcome_.next_try = std::min(outcome_.next_try.value_or(next), next);
        }
    }
    return std::move(outcome_);
}

/// False where the round ends.
Result<bool> DeliveryRounds::tell_new() {
    std::int64_t begin = std::exchange(begin_behind_, 0);
    std::int64_t behind = begin;
    for (;;) {
        const std::int64_t before = behind;
        FILESTORE_TRY_ASSIGN(const auto batch, take_batch(behind));
        if (!batch.empty()) {
            FILESTORE_TRY_ASSIGN(const bool goes_on, tell_batch(batch));
            if (!goes_on) {
                begin_behind_ = behind;
                return false;
            }
        } else if (behind == before) {
            if (begin == 0) {
                return true;
            }
            begin = 0;
            behind = 0;
        }
    }
}

/// What is not postponed of the next entries, behind which it leaves `behind`.
Result<std::vector<OutboxEntry>> DeliveryRounds::take_batch(std::int64_t& behind) {
    const std::size_t more = std::min(postponed_.size(), most_entries);
    FILESTORE_TRY_ASSIGN(auto batch, host_->take(behind, batch_size_ + more));
    std::size_t kept = 0;
    for (std::size_t i = 0; i < batch.size() && kept < batch_size_; ++i) {
        behind = batch[i].number;
        if (!postponed_.contains(behind)) {
            std::swap(batch[kept++], batch[i]);
        }
    }
    batch.resize(kept);
    return batch;
}

/// One after the other, those first that were tried longest ago. False where the round ends.
Result<bool> DeliveryRounds::tell_postponed() {
    for (unsigned failures = 0; failures < most_postponed_in_vain;) {
        const auto number = has_released_ || host_->has_news() ? std::nullopt : next_postponed();
        if (!number) {
            return true;
        }
        FILESTORE_TRY_ASSIGN(const bool goes_on, tell_one_postponed(*number));
        if (!goes_on) {
            return false;
        }
        const auto left = postponed_.find(*number);
        failures = left == postponed_.end() ? 0 : failures + 1;
        if (failures == most_postponed_in_vain) {
            note_stop(left->second.refused);
        }
    }
    return false;
}

std::optional<std::int64_t> DeliveryRounds::next_postponed() const {
    const Time now = host_->now();
    std::optional<std::int64_t> next;
    for (const auto& [number, postponed] : postponed_) {
        if (next_try(postponed) <= now && (!next || postponed.tried_at < postponed_.at(*next).tried_at)) {
            next = number;
        }
    }
    return next;
}

DeliveryRounds::Time DeliveryRounds::next_try(const Postponed& postponed) const {
    const auto pause = std::min(postponed.pause, pauses_.longest);
    const auto wanted = postponed.refused.retry_after.value_or(std::chrono::seconds(0));
    return postponed.tried_at + std::max<std::chrono::milliseconds>(pause, wanted);
}

Result<bool> DeliveryRounds::tell_one_postponed(std::int64_t number) {
    FILESTORE_TRY_ASSIGN(const auto batch, host_->take(number - 1, 1));
    if (batch.empty() || batch.front().number != number) {
        postponed_.erase(number);
        return true;
    }
    return tell_batch(batch, postponed_.at(number).is_its_own);
}

/// `fails_for_itself`: one entry, of which that is known. False where the round ends.
Result<bool> DeliveryRounds::tell_batch(std::span<const OutboxEntry> batch, bool fails_for_itself) {
    const auto delivery = deliver(
        batch, [this](auto part) { return host_->tell(part); }, [this] { return host_->takes_a_row(); },
        taken_);
    FILESTORE_TRY(host_->settle(delivery));
    for (const OutboxEntry& entry : delivery.delivered) {
        postponed_.erase(entry.number);
    }
    for (const RefusedEntry& refused : delivery.refused) {
        postponed_.erase(refused.entry.number);
    }
    taken_ = delivery.taken;
    release_like(taken_);
    for (LeftEntry left : delivery.left) {
        left.is_its_own |= fails_for_itself;
        postpone(left);
    }
    adapt_size(batch.size(), delivery);
    const bool got_on = !delivery.delivered.empty() || !delivery.refused.empty();
    outcome_.got_on |= got_on;
    const bool fails_again = fails_for_itself && !delivery.left.empty();
    if (delivery.stopped && !fails_again) {
        const Refused& stopped = *delivery.stopped;
        const bool is_for_now = stopped.refusal == Refusal::for_now;
        if (is_for_now && batch.size() == 1 && delivery.left.empty()) {
            postpone({batch.front(), stopped, delivery.stopped_by, taken_.takes(delivery.stopped_by)});
        }
        note_stop(stopped);
        const bool may_be_of_rows = stopped.perhaps_of_a_row && !is_for_now;
        changes_in_vain_ = got_on ? 0 : changes_in_vain_ + 1;
        const bool goes_on = got_on ? may_be_of_rows || is_for_now
                                    : may_be_of_rows && delivery.stopped_by == Writing::change &&
                                          changes_in_vain_ < most_changes_in_vain;
        if (!goes_on) {
            return false;
        }
    }
    return host_->goes_on();
}

void DeliveryRounds::postpone(const LeftEntry& left) {
    const std::int64_t number = left.entry.number;
    const auto before = postponed_.find(number);
    const unsigned failures = before == postponed_.end() ? 0 : before->second.failures;
    postponed_.insert_or_assign(
        number, Postponed{left.refused, left.by, left.is_its_own || released_.contains(number), failures + 1,
                          host_->now(), pause_after(failures, pauses_)});
}

void DeliveryRounds::release_like(Taken taken) {
    for (auto at = postponed_.begin(); at != postponed_.end();) {
        const auto& [number, postponed] = *at;
        if (postponed.is_its_own || !taken.takes(postponed.by)) {
            ++at;
            continue;
        }
        released_.insert(number);
        at = postponed_.erase(at);
        has_released_ = true;
    }
}

/// A batch may fail because it is too much for the server's time limits.
void DeliveryRounds::adapt_size(std::size_t told, const Delivery& delivery) noexcept {
    const bool failed =
        delivery.is_too_much || (delivery.stopped && delivery.stopped->refusal == Refusal::for_now);
    batch_size_ = failed ? std::max<std::size_t>(told / 2, 1) : std::min(batch_size_ * 2, most_entries);
}

void DeliveryRounds::note_stop(const Refused& refused) {
    if (!outcome_.stopped || outcome_.stopped->refusal == Refusal::for_now) {
        outcome_.stopped = refused;
    }
}

}  // namespace filestore
