#include "core/sized_source.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include "core/stream_calls.h"
#include "core/try.h"

namespace filestore {

SizedSource::SizedSource(std::shared_ptr<Source> inner, std::uint64_t size, ProgressMeter progress)
    : inner_(std::move(inner)), size_(size), progress_(std::move(progress)) {}

Result<IoStep> SizedSource::read(std::span<std::byte> into, const Wake& wake) {
    if (!held_.empty()) {
        return give_held(into, wake);
    }
    const std::uint64_t left = size_ - delivered_;
    if (left == 0) {
        return IoStep{};
    }
    const auto wanted = static_cast<std::size_t>(std::min<std::uint64_t>(left, into.size()));
    FILESTORE_TRY_ASSIGN(const IoStep step, read_source(*inner_, into.first(wanted), wake));
    if (step.would_block) {
        return step;
    }
    if (step.bytes == 0) {
        return source_size_error(size_, delivered_);
    }
    delivered_ += step.bytes;
    if (delivered_ > reported_) {
        progress_.add(delivered_ - reported_);
        reported_ = delivered_;
    }
    if (delivered_ < size_) {
        return step;
    }
    progress_.finish();
    FILESTORE_TRY_ASSIGN(const bool ended, has_ended(wake));
    if (ended) {
        return step;
    }
    held_.assign(into.begin(), into.begin() + static_cast<std::ptrdiff_t>(step.bytes));
    return IoStep{0, true};
}

/// False when the source cannot say now and will wake.
Result<bool> SizedSource::has_ended(const Wake& wake) {
    std::array<std::byte, 1> extra{};
    FILESTORE_TRY_ASSIGN(const IoStep step, read_source(*inner_, extra, wake));
    if (step.would_block) {
        return false;
    }
    if (step.bytes > 0) {
        return source_size_error(size_, size_ + 1);
    }
    end_checked_ = true;
    return true;
}

Result<IoStep> SizedSource::give_held(std::span<std::byte> into, const Wake& wake) {
    if (!end_checked_) {
        FILESTORE_TRY_ASSIGN(const bool ended, has_ended(wake));
        if (!ended) {
            return IoStep{0, true};
        }
    }
    const std::size_t count = std::min(into.size(), held_.size() - held_given_);
    if (count > 0) {
        std::memcpy(into.data(), held_.data() + held_given_, count);
    }
    held_given_ += count;
    return IoStep{count, false};
}

Result<void> SizedSource::rewind() {
    FILESTORE_TRY(inner_->rewind());
    delivered_ = 0;
    held_.clear();
    held_given_ = 0;
    end_checked_ = false;
    return {};
}

}  // namespace filestore
