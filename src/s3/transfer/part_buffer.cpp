#include "s3/transfer/part_buffer.h"

#include <cstring>
#include <utility>

namespace filestore::s3 {

namespace {

constexpr std::size_t first_capacity = std::size_t{64} * 1024;

class PartSource final : public Source {
public:
    explicit PartSource(std::shared_ptr<const PartBuffer> buffer) : buffer_(std::move(buffer)) {}

    Result<IoStep> read(std::span<std::byte> into, const Wake&) override {
        const auto rest = buffer_->bytes().subspan(position_);
        const std::size_t count = std::min(rest.size(), into.size());
        std::copy_n(rest.begin(), count, into.begin());
        position_ += count;
        return IoStep{count, false};
    }
    std::optional<std::uint64_t> size() const noexcept override { return buffer_->size(); }
    bool can_rewind() const noexcept override { return true; }
    Result<void> rewind() override {
        position_ = 0;
        return {};
    }
    bool blocking() const noexcept override { return false; }

private:
    std::shared_ptr<const PartBuffer> buffer_;
    std::size_t position_ = 0;
};

}  // namespace

std::span<std::byte> PartBuffer::room() {
    if (size_ == capacity_ && capacity_ < limit_) {
        const std::size_t larger = std::min(limit_, std::max(first_capacity, capacity_ * 4));
        auto memory = std::make_unique_for_overwrite<std::byte[]>(larger);
        std::copy_n(memory_.get(), size_, memory.get());
        memory_ = std::move(memory);
        capacity_ = larger;
    }
    return {memory_.get() + size_, capacity_ - size_};
}

std::shared_ptr<Source> source_of(std::shared_ptr<const PartBuffer> buffer) {
    return std::make_shared<PartSource>(std::move(buffer));
}

}  // namespace filestore::s3
