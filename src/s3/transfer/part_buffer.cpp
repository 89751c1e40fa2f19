#include "s3/transfer/part_buffer.h"

#include <algorithm>
#include <utility>

#include "core/try.h"

namespace filestore::s3 {

namespace {

class PartSource final : public Source {
public:
    PartSource(std::shared_ptr<const void> owner, std::span<const std::byte> bytes)
        : owner_(std::move(owner)), bytes_(bytes) {}

    Result<IoStep> read(std::span<std::byte> into, const Wake&) override {
        const auto rest = bytes_.subspan(position_);
        const std::size_t count = std::min(rest.size(), into.size());
        std::copy_n(rest.begin(), count, into.begin());
        position_ += count;
        return IoStep{count, false};
    }
    std::optional<std::uint64_t> size() const noexcept override { return bytes_.size(); }
    bool can_rewind() const noexcept override { return true; }
    Result<void> rewind() override {
        position_ = 0;
        return {};
    }
    bool blocking() const noexcept override { return false; }

private:
    std::shared_ptr<const void> owner_;
    std::span<const std::byte> bytes_;
    std::size_t position_ = 0;
};

}  // namespace

MemoryPart::MemoryPart(std::size_t limit, std::shared_ptr<PartMemory> memory)
    : limit_(limit),
      memory_(std::move(memory)),
      region_(memory_ ? memory_->take_region(limit) : PartRegion(limit)) {}

MemoryPart::~MemoryPart() {
    if (memory_ && is_accounted_for()) {
        memory_->leave_region(std::move(region_));
    }
}

std::shared_ptr<Source> MemoryPart::source(const std::shared_ptr<Executor>&) const {
    return source_of_bytes(shared_from_this(), bytes());
}

std::shared_ptr<Source> source_of_bytes(std::shared_ptr<const void> owner, std::span<const std::byte> bytes) {
    return std::make_shared<PartSource>(std::move(owner), bytes);
}

Result<void> fill(PartBuffer& buffer, std::span<const std::byte> bytes) {
    while (!bytes.empty()) {
        const auto room = buffer.room();
        if (room.empty()) {
            return Error(ErrorCode::corrupt, "the server gave more bytes than it said");
        }
        const std::size_t count = std::min(room.size(), bytes.size());
        std::copy_n(bytes.begin(), count, room.begin());
        FILESTORE_TRY(buffer.added(count));
        bytes = bytes.subspan(count);
    }
    return {};
}

}  // namespace filestore::s3
