#include "s3/transfer/part_memory.h"

namespace filestore::s3 {

PartMemory::Share::~Share() {
    if (memory_) {
        memory_->give_back(bytes_);
    }
}

std::optional<PartMemory::Share> PartMemory::take(std::uint64_t bytes,
                                                  const std::weak_ptr<Wake::Target>& waiter) {
    const std::lock_guard lock(mutex_);
    if (used_ == 0 || (bytes <= total_ && used_ <= total_ - bytes)) {
        used_ += bytes;
        return Share(shared_from_this(), bytes);
    }
    waiters_.push_back(waiter);
    return std::nullopt;
}

/// Wakes all: one that is woken alone might have ended meanwhile, and the others would wait for ever.
void PartMemory::give_back(std::uint64_t bytes) noexcept {
    std::list<std::weak_ptr<Wake::Target>> woken;
    {
        const std::lock_guard lock(mutex_);
        used_ -= bytes;
        woken.swap(waiters_);
    }
    for (const auto& waiter : woken) {
        if (const auto target = waiter.lock()) {
            target->wake();
        }
    }
}

}  // namespace filestore::s3
