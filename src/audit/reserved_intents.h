#pragma once

/// Intents of uploads that have not begun yet: what one upload commits makes those of the next ones durable, so that these need not wait for the disk before they begin.
///
/// Several are kept for each upload that is under way beside the one that commits, and made when few are left, as that waits for the disk. One upload
/// alone leaves none behind.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "filestore/file_id.h"

namespace filestore {

/// A value.
struct ReservedIntent {
    std::int64_t number = 0;
    FileId id;
};

/// Which there are, and which uploads are under way. A resource; thread-safe. Functions that add may throw std::bad_alloc.
class ReservedIntents {
public:
    /// For an upload that begins with it; nothing where none is there.
    [[nodiscard]] std::optional<ReservedIntent> take() {
        const std::lock_guard lock(mutex_);
        if (free_.empty()) {
            return std::nullopt;
        }
        under_way_.insert(free_.back().number);
        const ReservedIntent taken = free_.back();
        free_.pop_back();
        return taken;
    }

    /// An upload has begun with an intent of its own.
    void note_begun(std::int64_t number) {
        const std::lock_guard lock(mutex_);
        under_way_.insert(number);
    }

    /// It may have been noted before, and need not be an upload.
    void note_ended(std::int64_t number) {
        const std::lock_guard lock(mutex_);
        under_way_.erase(number);
    }

    /// So that add() of so many does not fail: what is committed is not to be told as failed. Until then nobody else adds.
    void make_room(std::size_t count) {
        const std::lock_guard lock(mutex_);
        free_.reserve(free_.size() + count);
    }

    void add(const std::vector<ReservedIntent>& reserved) {
        const std::lock_guard lock(mutex_);
        free_.insert(free_.end(), reserved.begin(), reserved.end());
    }

    /// How many a transaction is to make.
    [[nodiscard]] std::size_t missing() const {
        const std::lock_guard lock(mutex_);
        const std::size_t wanted = std::min(for_each * others_under_way(), most);
        return free_.size() < wanted / for_each ? wanted - free_.size() : 0;
    }

    /// Those that a transaction is to take away: all, where no upload but the one that ends is under way.
    [[nodiscard]] std::vector<ReservedIntent> take_unwanted() {
        const std::lock_guard lock(mutex_);
        return others_under_way() == 0 ? std::exchange(free_, {}) : std::vector<ReservedIntent>();
    }

    [[nodiscard]] std::vector<ReservedIntent> take_all() {
        const std::lock_guard lock(mutex_);
        return std::exchange(free_, {});
    }

private:
    /// More do not come at once, and a process that dies leaves them to be looked at.
    static constexpr std::size_t most = 64;
    /// The disk is waited for once in about as many uploads of one thread.
    static constexpr std::size_t for_each = 8;

    [[nodiscard]] std::size_t others_under_way() const {
        return under_way_.empty() ? 0 : under_way_.size() - 1;
    }

    mutable std::mutex mutex_;
    std::vector<ReservedIntent> free_;
    std::set<std::int64_t> under_way_;
};

}  // namespace filestore
