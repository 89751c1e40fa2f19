#pragma once

/// What another thread gives once, and one waits for.

#include <condition_variable>
#include <mutex>
#include <optional>
#include <utility>

namespace filestore {

/// A resource, shared by both; thread-safe.
template <class T>
class Awaited {
public:
    void give(T value) {
        const std::lock_guard lock(mutex_);
        value_.emplace(std::move(value));
        given_.notify_all();
    }

    /// Blocks until it is given. To be called once.
    [[nodiscard]] T wait() {
        std::unique_lock lock(mutex_);
        given_.wait(lock, [this] { return value_.has_value(); });
        return std::move(*value_);
    }

private:
    std::mutex mutex_;
    std::condition_variable given_;
    std::optional<T> value_;
};

}  // namespace filestore
