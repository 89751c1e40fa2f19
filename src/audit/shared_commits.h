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
        Entry own{work, std::nullopt};
        std::unique_lock lock(mutex_);
        waiting_.push_back(&own);
        changed_.wait(lock, [&] { return own.result || !is_leading_; });
        if (!own.result) {
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
        const Work& work;
        std::optional<Result<void>> result;
    };

    /// Runs what waits, the own work among it.
    void lead(std::unique_lock<std::mutex>& lock) {
        is_leading_ = true;
        std::vector<Entry*> batch;
        batch.swap(waiting_);
        lock.unlock();
        run_all(batch);
        lock.lock();
        is_leading_ = false;
        changed_.notify_all();
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
        for (Entry* entry : batch) {
            const bool stands = together.ok() || batch.size() == 1;
            auto result = stands ? together : in_transaction(entry->work);
            const std::lock_guard lock(mutex_);
            entry->result.emplace(std::move(result));
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
    std::condition_variable changed_;
    std::vector<Entry*> waiting_;
    bool is_leading_ = false;
};

}  // namespace filestore
