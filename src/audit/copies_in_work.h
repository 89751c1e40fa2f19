#pragma once

/// Which copies this process works on at this moment, beside what their rows say: a row whose end could not be written is nobody's all the same.

#include <cstdint>
#include <memory>
#include <mutex>
#include <set>
#include <utility>

namespace filestore {

/// Of the session of one catalogue. A resource held by std::shared_ptr; thread-safe; never waits for a disk.
class CopiesInWork {
public:
    void add(std::int64_t number) {
        const std::lock_guard lock(mutex_);
        numbers_.insert(number);
    }

    void remove(std::int64_t number) noexcept {
        const std::lock_guard lock(mutex_);
        numbers_.erase(number);
    }

    [[nodiscard]] bool contains(std::int64_t number) const {
        const std::lock_guard lock(mutex_);
        return numbers_.contains(number);
    }

private:
    mutable std::mutex mutex_;
    std::set<std::int64_t> numbers_;
};

/// A copy is in work as long as this lives. A resource; only moved.
class CopyInWork {
public:
    CopyInWork(std::shared_ptr<CopiesInWork> all, std::int64_t number)
        : all_(std::move(all)), number_(number) {
        all_->add(number_);
    }
    CopyInWork(CopyInWork&& other) noexcept = default;
    CopyInWork& operator=(CopyInWork&& other) noexcept {
        std::swap(all_, other.all_);
        std::swap(number_, other.number_);
        return *this;
    }
    ~CopyInWork() {
        if (all_) {
            all_->remove(number_);
        }
    }

private:
    std::shared_ptr<CopiesInWork> all_;
    std::int64_t number_;
};

}  // namespace filestore
