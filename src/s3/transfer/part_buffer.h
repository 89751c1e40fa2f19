#pragma once

/// The bytes of one part of a transfer.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <utility>

#include "filestore/stream.h"
#include "s3/transfer/part_memory.h"

namespace filestore::s3 {

/// Memory that takes up room as it is filled, up to a limit, and gives it back to the system at once: an allocator would keep what many threads
/// have used. A resource held by std::shared_ptr; one thread at a time while it is filled, immutable afterwards.
class PartBuffer {
public:
    /// Throws std::bad_alloc where the system has no address space left.
    explicit PartBuffer(std::size_t limit);
    PartBuffer(const PartBuffer&) = delete;
    PartBuffer& operator=(const PartBuffer&) = delete;
    ~PartBuffer();

    /// Where to put what comes next; empty when the buffer is full.
    [[nodiscard]] std::span<std::byte> room() noexcept { return {memory_ + size_, limit_ - size_}; }
    /// So many bytes of room() have been filled.
    void added(std::size_t count) noexcept { size_ += count; }

    /// What the buffer takes up is accounted for.
    void hold(PartMemory::Share share) noexcept { share_.emplace(std::move(share)); }
    [[nodiscard]] bool is_accounted_for() const noexcept { return share_.has_value(); }

    [[nodiscard]] bool full() const noexcept { return size_ == limit_; }
    [[nodiscard]] std::size_t size() const noexcept { return size_; }
    [[nodiscard]] std::span<const std::byte> bytes() const noexcept { return {memory_, size_}; }

private:
    const std::size_t limit_;
    std::optional<PartMemory::Share> share_;
    std::byte* memory_ = nullptr;
    std::size_t size_ = 0;
};

/// Reads a buffer that is filled; never blocks; rewinds. Any number may read one.
[[nodiscard]] std::shared_ptr<Source> source_of(std::shared_ptr<const PartBuffer> buffer);

}  // namespace filestore::s3
