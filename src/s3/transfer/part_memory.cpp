#include "s3/transfer/part_memory.h"

namespace filestore::s3 {

PartMemory::Share::~Share() {
    if (memory_) {
        memory_->give_back(upload_.get(), bytes_);
    }
}

std::optional<PartMemory::Share> PartMemory::take(std::uint64_t bytes, const UploadPtr& upload,
                                                  const std::weak_ptr<Wake::Target>& waiter) {
    const std::lock_guard lock(mutex_);
    if (!has_room(bytes) && !only_resting_uploads_hold()) {
        add_waiter(waiter);
        return std::nullopt;
    }
    if (upload->bytes_ == 0) {
        holders_.push_back(upload);
    }
    upload->bytes_ += bytes;
    used_ += bytes;
    return Share(shared_from_this(), upload, bytes);
}

bool PartMemory::only_resting_uploads_hold() const noexcept {
    const SteadyTime now = std::chrono::steady_clock::now();
    return std::all_of(holders_.begin(), holders_.end(),
                       [now](const UploadPtr& holder) { return holder->rests(now); });
}

/// One that asks again before it was woken is there already.
void PartMemory::add_waiter(const std::weak_ptr<Wake::Target>& waiter) {
    const bool is_there = std::any_of(waiters_.begin(), waiters_.end(), [&](const auto& other) {
        return !other.owner_before(waiter) && !waiter.owner_before(other);
    });
    if (!is_there) {
        waiters_.push_back(waiter);
    }
}

void PartMemory::note_waiting(Upload& upload, bool waits) noexcept {
    const std::lock_guard lock(mutex_);
    upload.waits_since_ = waits ? std::optional(std::chrono::steady_clock::now()) : std::nullopt;
}

std::optional<PartMemory::Share> PartMemory::take_for_download(std::uint64_t bytes, std::uint64_t part_size,
                                                               const std::weak_ptr<Wake::Target>& waiter) {
    const std::lock_guard lock(mutex_);
    if (has_room(bytes) && used_by_downloads_ + bytes <= for_downloads(part_size)) {
        used_ += bytes;
        used_by_downloads_ += bytes;
        return Share(shared_from_this(), nullptr, bytes);
    }
    add_waiter(waiter);
    return std::nullopt;
}

PartRegion PartMemory::take_region(std::size_t size) {
    {
        const std::lock_guard lock(mutex_);
        for (PartRegion& region : regions_) {
            if (region.size() == size) {
                return std::move(region);
            }
        }
    }
    return PartRegion(size);
}

void PartMemory::leave_region(PartRegion region) noexcept {
    const std::lock_guard lock(mutex_);
    for (PartRegion& place : regions_) {
        // Another size is of another transfer, or of one that grows.
        if (place.size() != region.size()) {
            std::swap(place, region);
            return;
        }
    }
}

/// Wakes all: one that is woken alone might have ended meanwhile, and the others would wait for ever.
void PartMemory::give_back(Upload* upload, std::uint64_t bytes) noexcept {
    std::list<std::weak_ptr<Wake::Target>> woken;
    Regions ended;
    {
        const std::lock_guard lock(mutex_);
        used_ -= bytes;
        if (upload == nullptr) {
            used_by_downloads_ -= bytes;
        } else {
            upload->bytes_ -= bytes;
            holders_.remove_if([](const UploadPtr& holder) { return holder->bytes_ == 0; });
        }
        woken.swap(waiters_);
        if (used_ == 0) {
            ended.swap(regions_);
        }
    }
    for (const auto& waiter : woken) {
        if (const auto target = waiter.lock()) {
            target->wake();
        }
    }
}

}  // namespace filestore::s3
