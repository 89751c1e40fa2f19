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

/// Memory that grows, up to a limit, as it is filled. A resource held by std::shared_ptr; one thread at a time while it is filled,
/// immutable afterwards.
class PartBuffer {
public:
    explicit PartBuffer(std::size_t limit) noexcept : limit_(limit) {}
    PartBuffer(const PartBuffer&) = delete;
    PartBuffer& operator=(const PartBuffer&) = delete;

    /// Where to put what comes next; empty when the buffer is full. May throw std::bad_alloc.
    [[nodiscard]] std::span<std::byte> room();
    /// So many bytes of room() have been filled.
    void added(std::size_t count) noexcept { size_ += count; }

    /// What the buffer takes up is accounted for.
    void hold(PartMemory::Share share) noexcept { share_.emplace(std::move(share)); }
    [[nodiscard]] bool is_accounted_for() const noexcept { return share_.has_value(); }

    [[nodiscard]] bool full() const noexcept { return size_ == limit_; }
    [[nodiscard]] std::size_t size() const noexcept { return size_; }
    [[nodiscard]] std::span<const std::byte> bytes() const noexcept { return {memory_.get(), size_}; }

private:
    std::size_t limit_;
    std::optional<PartMemory::Share> share_;
    std::unique_ptr<std::byte[]> memory_;
    std::size_t capacity_ = 0;
    std::size_t size_ = 0;
};

/// Reads a buffer that is filled; never blocks; rewinds. Any number may read one.
[[nodiscard]] std::shared_ptr<Source> source_of(std::shared_ptr<const PartBuffer> buffer);

}  // namespace filestore::s3
