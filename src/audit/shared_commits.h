#pragma once

/// Lets threads that write at the same time share one transaction, and so one wait for the disk.

#include <condition_variable>
#include <cstddef>
#include <functional>
#include <mutex>
#include <new>
#include <optional>
#include <utility>
#include <vector>

#include "filestore/result.h"

namespace filestore {

/// A resource; thread-safe.
class SharedCommits {
public:
    using Work = std::function<Result<void>()>;
    /// Runs all that it is given in one transaction. Where it fails nothing of that was done.
    using Transaction = std::function<Result<void>(const Work& all)>;

    explicit SharedCommits(Transaction transaction) : transaction_(std::move(transaction)) {}

    /// Runs `work` in a transaction, which it may share with what other threads give meanwhile; one that fails does not keep theirs. It may be run more than once; only what it
    /// does last counts. `no_memory` where it throws std::bad_alloc.
    [[nodiscard]] Result<void> run(const Work& work) {
        Entry own{work};
        std::unique_lock lock(mutex_);
        waiting_.push_back(&own);
        if (is_led_) {
            own.changed.wait(lock, [&] { return own.is_done || own.leads; });
        }
        if (!own.is_done) {
            lead(lock);
        }
        return std::move(*own.result);
    }

    /// How many threads wait for the transaction under way to end, before theirs.
    [[nodiscard]] std::size_t waiting() const {
        const std::lock_guard lock(mutex_);
        return waiting_.size();
    }

private:
    struct Entry {
        explicit Entry(const Work& what) : work(what) {}

        const Work& work;
        std::optional<Result<void>> result;
        bool is_done = false;
        /// Its thread is to run what waits.
        bool leads = false;
        std::condition_variable changed;
    };

    /// Runs what waits, the own work among it. Who waits is woken once: when its work is done, or to run what came meanwhile.
    void lead(std::unique_lock<std::mutex>& lock) {
        is_led_ = true;
        std::vector<Entry*> batch;
        batch.swap(waiting_);
        lock.unlock();
        run_all(batch);
        lock.lock();
        is_led_ = !waiting_.empty();
        if (is_led_) {
            waiting_.front()->leads = true;
            waiting_.front()->changed.notify_one();
        }
        for (Entry* entry : batch) {
            entry->is_done = true;
            entry->changed.notify_one();
        }
    }

    void run_all(const std::vector<Entry*>& batch) {
        const auto together = in_transaction([&]() -> Result<void> {
            for (const Entry* entry : batch) {
                auto result = entry->work();
                if (!result.ok()) {
                    return result;
                }
            }
            return {};
        });
        const bool stands = together.ok() || batch.size() == 1;
        for (Entry* entry : batch) {
            entry->result.emplace(stands ? together : in_transaction(entry->work));
        }
    }

    Result<void> in_transaction(const Work& all) noexcept {
        try {
            return transaction_(all);
        } catch (const std::bad_alloc&) {
            return Error(ErrorCode::no_memory);
        }
    }

    const Transaction transaction_;
    mutable std::mutex mutex_;
    std::vector<Entry*> waiting_;
    /// A thread runs a transaction, or has been woken to do so.
    bool is_led_ = false;
};

}  // namespace filestore
