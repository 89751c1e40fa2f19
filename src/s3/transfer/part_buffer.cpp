#include "s3/transfer/part_buffer.h"

#include <sys/mman.h>

#include <algorithm>
#include <new>
#include <utility>

#include "core/try.h"

namespace filestore::s3 {

namespace {

class PartSource final : public Source {
public:
    explicit PartSource(std::shared_ptr<const MemoryPart> buffer) : buffer_(std::move(buffer)) {}

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
    std::shared_ptr<const MemoryPart> buffer_;
    std::size_t position_ = 0;
};

}  // namespace

MemoryPart::MemoryPart(std::size_t limit) : limit_(limit) {
    void* const mapped =
        ::mmap(nullptr, limit_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (mapped == MAP_FAILED) {
        throw std::bad_alloc();
    }
    memory_ = static_cast<std::byte*>(mapped);
}

MemoryPart::~MemoryPart() {
    ::munmap(memory_, limit_);
}

std::shared_ptr<Source> MemoryPart::source(const std::shared_ptr<Executor>&) const {
    return std::make_shared<PartSource>(std::static_pointer_cast<const MemoryPart>(shared_from_this()));
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
