#pragma once

/// Goes through an outbox again and again, until the server has been told all of it. What is refused keeps nothing else waiting.
///
/// What fails alone is postponed: the rounds go on without it, and try it again by itself, with pauses that grow. Where it may be the server's fault, as nothing like it was taken in that
/// round, it is as the others again as soon as something like it is. A round ends where nothing goes through any more, unless that is a few batches of changes to rows; the next one begins behind that place. So whatever the server
/// does with others, an entry that it takes is told after a number of rounds that grows with the outbox.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <vector>

#include "audit/delivery.h"
#include "audit/outbox.h"
#include "audit/sender_pauses.h"
#include "filestore/result.h"

namespace filestore {

/// What the rounds go through. One thread at a time.
class RoundsHost {
public:
    RoundsHost() = default;
    RoundsHost(const RoundsHost&) = delete;
    RoundsHost& operator=(const RoundsHost&) = delete;
    virtual ~RoundsHost() = default;

    /// The first entries behind the one of a number, in the order of their numbers; one at least where there is any.
    [[nodiscard]] virtual Result<std::vector<OutboxEntry>> take(std::int64_t behind, std::size_t most) = 0;
    [[nodiscard]] virtual std::vector<Verdict> tell(std::span<const OutboxEntry> entries) = 0;
    [[nodiscard]] virtual bool takes_a_row() = 0;
    /// Takes out of the outbox what was delivered or refused.
    [[nodiscard]] virtual Result<void> settle(const Delivery& delivery) = 0;
    /// After each batch. False: the round ends.
    [[nodiscard]] virtual bool goes_on() = 0;
    /// Whether something was recorded since the round began.
    [[nodiscard]] virtual bool has_news() = 0;
    [[nodiscard]] virtual std::chrono::steady_clock::time_point now() = 0;
};

/// What a round came to. A value.
struct RoundOutcome {
    /// Nothing waits any more, but for what was recorded since.
    bool is_done = false;
    /// Something was delivered or refused.
    bool got_on = false;
    /// What keeps something waiting; one that does not pass by itself before one that does.
    std::optional<postgrest::Refused> stopped{};
    /// Nothing waits but what is postponed: until then, or until there is something new.
    std::optional<std::chrono::steady_clock::time_point> next_try{};
};

/// A resource; one thread at a time.
class DeliveryRounds {
public:
    static constexpr std::size_t most_entries = 500;

    /// Goes through the outbox once. `pauses` are those of postponed entries, and shorten earlier ones that were longer. Failures are the host's.
    [[nodiscard]] Result<RoundOutcome> run(RoundsHost& host, const SenderPauses& pauses);

private:
    using Time = std::chrono::steady_clock::time_point;

    struct Postponed {
        postgrest::Refused refused;
        Writing by = Writing::insert;
        bool is_its_own = false;
        unsigned failures = 0;
        Time tried_at{};
        std::chrono::milliseconds pause{};
    };

    [[nodiscard]] Result<bool> tell_new();
    [[nodiscard]] Result<bool> tell_postponed();
    [[nodiscard]] Result<bool> tell_one_postponed(std::int64_t number);
    [[nodiscard]] Result<std::vector<OutboxEntry>> take_batch(std::int64_t& behind);
    [[nodiscard]] Result<bool> tell_batch(std::span<const OutboxEntry> batch, bool fails_for_itself = false);
    [[nodiscard]] std::optional<std::int64_t> next_postponed() const;
    [[nodiscard]] Time next_try(const Postponed& postponed) const;
    void postpone(const LeftEntry& left);
    void release_like(Taken taken);
    void adapt_size(std::size_t told, const Delivery& delivery) noexcept;
    void note_stop(const postgrest::Refused& refused);

    // Of a round.
    RoundsHost* host_ = nullptr;
    SenderPauses pauses_;
    Taken taken_;
    RoundOutcome outcome_;
    bool has_released_ = false;
    unsigned changes_in_vain_ = 0;

    std::size_t batch_size_ = most_entries;
    /// The next round begins behind this entry.
    std::int64_t begin_behind_ = 0;
    /// By the entries' numbers.
    std::map<std::int64_t, Postponed> postponed_;
    /// Those that were postponed until something like them was taken: if they fail alone again it is for themselves.
    std::set<std::int64_t> released_;
};

}  // namespace filestore
