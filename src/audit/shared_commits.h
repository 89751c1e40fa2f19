#pragma once

/// Lets threads that write at the same time share one transaction, and so one wait for the disk.

#include <algorithm>
#include <array>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>
#include <new>
#include <optional>
#include <utility>

#include "filestore/result.h"

namespace filestore {

/// What a commit is to outlive.
enum class Outlives : std::uint8_t {
    process,
    power_loss,
};

/// A resource; thread-safe.
///
/// The thread that comes while no transaction is under way leads: it begins one, does its work in it, that of all that wait, and that of those that come until none is left, and
/// commits. Who comes after that waits for the next one. Work that is to outlive a power loss joins no transaction that was begun without: it closes that to others.
class SharedCommits {
public:
    using Work = std::function<Result<void>()>;
    /// Runs all that it is given in one transaction. Where it fails nothing of that was done.
    using Transaction = std::function<Result<void>(const Work& all, Outlives outlives)>;

    explicit SharedCommits(Transaction transaction) : transaction_(std::move(transaction)) {}

    /// Runs `work` in a transaction, which it may share with what other threads give meanwhile; one that fails does not keep theirs. It may be run more than once; only what it
    /// does last counts. `no_memory` where it throws std::bad_alloc.
    [[nodiscard]] Result<void> run(const Work& work, Outlives outlives) {
        Entry own{work, outlives};
        std::unique_lock lock(mutex_);
        wait_in_turn(own);
        changed_of(own.turn).wait(lock, [&] { return own.is_done || !is_led_; });
        if (!own.is_done) {
            lead(lock);
        }
        return std::move(*own.result);
    }

    /// How many threads wait for the transaction under way to end, before theirs.
    [[nodiscard]] std::size_t waiting() const {
        const std::lock_guard lock(mutex_);
        std::size_t count = 0;
        for (const Entry* entry = first_waiting_; entry != nullptr; entry = entry->next) {
            ++count;
        }
        return count;
    }

private:
    struct Entry {
        Entry(const Work& what, Outlives what_outlives) : work(what), outlives(what_outlives) {}

        const Work& work;
        const Outlives outlives;
        /// The number of its transaction.
        std::uint64_t turn = 0;
        Entry* next = nullptr;
        std::optional<Result<void>> result;
        bool is_done = false;
    };

    /// What one transaction does, in order. Its entries belong to threads that wait.
    struct Batch {
        std::uint64_t turn;
        Outlives outlives;
        Entry* first = nullptr;
        Entry* last = nullptr;
    };

    [[nodiscard]] std::condition_variable& changed_of(std::uint64_t turn) { return changed_[turn % 2]; }

    void wait_in_turn(Entry& own) {
        if (is_led_ && turn_ == led_turn_ && own.outlives > led_outlives_) {
            ++turn_;
        }
        own.turn = turn_;
        (first_waiting_ == nullptr ? first_waiting_ : last_waiting_->next) = &own;
        last_waiting_ = &own;
    }

    /// Runs what waits, the own work among it.
    void lead(std::unique_lock<std::mutex>& lock) {
        is_led_ = true;
        led_turn_ = turn_;
        led_outlives_ = Outlives::process;
        for (const Entry* entry = first_waiting_; entry != nullptr; entry = entry->next) {
            led_outlives_ = std::max(led_outlives_, entry->outlives);
        }
        Batch batch{led_turn_, led_outlives_};
        lock.unlock();
        run_all(batch);
        lock.lock();
        is_led_ = false;
        for (Entry* entry = batch.first; entry != nullptr;) {
            entry->is_done = true;
            entry = entry->next;
        }
        const bool is_wanted = first_waiting_ != nullptr;
        // Whoever is woken finds the mutex free.
        lock.unlock();
        changed_of(batch.turn).notify_all();
        if (is_wanted) {
            changed_of(batch.turn + 1).notify_one();
        }
    }

    void run_all(Batch& batch) {
        const auto together = in_transaction(
            [&]() -> Result<void> {
                for (Entry* entry = after(nullptr, batch); entry != nullptr; entry = after(entry, batch)) {
                    auto result = entry->work();
                    if (!result.ok()) {
                        return result;
                    }
                }
                return {};
            },
            batch.outlives);
        // What kept it from being begun is no fault of what was to be done, and takes its time.
        const bool has_begun = batch.first != nullptr;
        const bool is_alone = after(after(nullptr, batch), batch) == nullptr;
        const bool is_of_all = together.ok() || !has_begun || is_alone;
        for (Entry* entry = batch.first; entry != nullptr; entry = after(entry, batch)) {
            entry->result.emplace(is_of_all ? together : in_transaction(entry->work, entry->outlives));
        }
    }

    /// The entry behind another, or the first one; those that came meanwhile are taken in. Once there is none the batch is closed.
    [[nodiscard]] Entry* after(Entry* entry, Batch& batch) {
        if (entry != batch.last) {
            return entry == nullptr ? batch.first : entry->next;
        }
        const std::lock_guard lock(mutex_);
        Entry* const taken = first_waiting_;
        if (taken == nullptr || taken->turn != batch.turn) {
            turn_ = std::max(turn_, batch.turn + 1);
            return nullptr;
        }
        first_waiting_ = taken->next;
        taken->next = nullptr;
        (batch.first == nullptr ? batch.first : batch.last->next) = taken;
        batch.last = taken;
        return taken;
    }

    Result<void> in_transaction(const Work& all, Outlives outlives) noexcept {
        try {
            return transaction_(all, outlives);
        } catch (const std::bad_alloc&) {
            return Error(ErrorCode::no_memory);
        }
    }

    const Transaction transaction_;
    mutable std::mutex mutex_;
    /// Of the turns with even numbers, and with odd ones: who waits is woken once, when its work is done or to lead.
    std::array<std::condition_variable, 2> changed_;
    Entry* first_waiting_ = nullptr;
    Entry* last_waiting_ = nullptr;
    /// Of those who come now.
    std::uint64_t turn_ = 0;
    bool is_led_ = false;
    std::uint64_t led_turn_ = 0;
    Outlives led_outlives_ = Outlives::process;
};

}  // namespace filestore
