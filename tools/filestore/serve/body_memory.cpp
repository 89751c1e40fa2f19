#include "serve/body_memory.h"

namespace filestore::tool::serve {

namespace {

constexpr std::size_t most_large = 4;
constexpr std::size_t most_taken_by_few = 32 * BodyMemory::download_share / BodyMemory::block_size;
constexpr std::size_t most_spare = most_large * BodyMemory::large_share / BodyMemory::block_size;

}  // namespace

BodyMemory::BodyMemory() {
    // What is given back must not need memory.
    spare_.reserve(most_spare);
}

BodyMemory::Block BodyMemory::take() {
    {
        const std::lock_guard lock(mutex_);
        ++taken_;
        if (!spare_.empty()) {
            Block block = std::move(spare_.back());
            spare_.pop_back();
            return block;
        }
    }
    return std::make_unique_for_overwrite<char[]>(block_size);
}

void BodyMemory::give_back(Block block) noexcept {
    const std::lock_guard lock(mutex_);
    --taken_;
    if (spare_.size() < most_spare) {
        spare_.push_back(std::move(block));
    }
}

std::size_t BodyMemory::share_of_download() const noexcept {
    const std::lock_guard lock(mutex_);
    return taken_ <= most_taken_by_few ? download_share : usual_share;
}

bool BodyMemory::begin_large() noexcept {
    const std::lock_guard lock(mutex_);
    const bool is_left = large_ < most_large;
    large_ += is_left ? 1 : 0;
    return is_left;
}

void BodyMemory::end_large() noexcept {
    const std::lock_guard lock(mutex_);
    --large_;
}

}  // namespace filestore::tool::serve
