#include "s3/transfer/part_memory.h"

namespace filestore::s3 {

PartMemory::Share::~Share() {
    if (memory_) {
        memory_->give_back(use_, bytes_);
    }
}

std::optional<PartMemory::Share> PartMemory::take(std::uint64_t bytes,
                                                  const std::weak_ptr<Wake::Target>& waiter) {
    const std::lock_guard lock(mutex_);
    if (used_ == used_by_downloads_ || has_room(bytes)) {
        used_ += bytes;
        return Share(shared_from_this(), Use::upload, bytes);
    }
    waiters_.push_back(waiter);
    return std::nullopt;
}

std::optional<PartMemory::Share> PartMemory::take_for_download(std::uint64_t bytes, std::uint64_t part_size,
                                                               const std::weak_ptr<Wake::Target>& waiter) {
    const std::lock_guard lock(mutex_);
    if (has_room(bytes) && used_by_downloads_ + bytes <= for_downloads(part_size)) {
        used_ += bytes;
        used_by_downloads_ += bytes;
        return Share(shared_from_this(), Use::download, bytes);
    }
    waiters_.push_back(waiter);
    return std::nullopt;
}

/// Wakes all: one that is woken alone might have ended meanwhile, and the others would wait for ever.
void PartMemory::give_back(Use use, std::uint64_t bytes) noexcept {
    std::list<std::weak_ptr<Wake::Target>> woken;
    {
        const std::lock_guard lock(mutex_);
        used_ -= bytes;
        used_by_downloads_ -= use == Use::download ? bytes : 0;
        woken.swap(waiters_);
    }
    for (const auto& waiter : woken) {
        if (const auto target = waiter.lock()) {
            target->wake();
        }
    }
}

}  // namespace filestore::s3
