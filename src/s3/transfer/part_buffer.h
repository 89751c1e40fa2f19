#pragma once

/// The bytes of one part of a transfer.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <utility>

#include "filestore/executor.h"
#include "filestore/result.h"
#include "filestore/stream.h"
#include "s3/transfer/part_memory.h"

namespace filestore::s3 {

/// Bytes that are filled in up to a limit and then read, any number of times. A resource held by std::shared_ptr; one thread at a time while it is
/// filled, immutable afterwards.
class PartBuffer : public std::enable_shared_from_this<PartBuffer> {
public:
    PartBuffer() = default;
    PartBuffer(const PartBuffer&) = delete;
    PartBuffer& operator=(const PartBuffer&) = delete;
    virtual ~PartBuffer() = default;

    /// Where to put what comes next; empty when the buffer is full.
    [[nodiscard]] virtual std::span<std::byte> room() noexcept = 0;
    /// So many bytes of room() have been filled. May block; `no_space` and the like where they cannot be kept.
    [[nodiscard]] virtual Result<void> added(std::size_t count) = 0;

    [[nodiscard]] virtual bool full() const noexcept = 0;
    [[nodiscard]] virtual std::uint64_t size() const noexcept = 0;

    /// The most memory that it takes up, in bytes.
    [[nodiscard]] virtual std::uint64_t memory() const noexcept = 0;
    /// That is accounted for.
    void hold(PartMemory::Share share) noexcept { share_.emplace(std::move(share)); }
    [[nodiscard]] bool is_accounted_for() const noexcept { return share_.has_value(); }

    /// Hands over all bytes, in order. May block.
    [[nodiscard]] virtual Result<void> read(
        const std::function<void(std::span<const std::byte>)>& take) const = 0;

    /// Reads all bytes; never blocks, for what does runs on `executor`; rewinds. Any number may read one buffer.
    [[nodiscard]] virtual std::shared_ptr<Source> source(const std::shared_ptr<Executor>& executor) const = 0;

private:
    std::optional<PartMemory::Share> share_;
};

/// Puts all bytes behind those that are there. May block; `corrupt` where there is no room for what a server gave.
[[nodiscard]] Result<void> fill(PartBuffer& buffer, std::span<const std::byte> bytes);

/// Reads bytes that stay unchanged while `owner` lives; never blocks; rewinds.
[[nodiscard]] std::shared_ptr<Source> source_of_bytes(std::shared_ptr<const void> owner,
                                                      std::span<const std::byte> bytes);

/// Memory that takes up room as it is filled, and goes back to the system: an allocator would keep what many threads have used.
class MemoryPart final : public PartBuffer {
public:
    /// In a region of `memory` where it is given. Throws std::bad_alloc where the system has no address space left.
    explicit MemoryPart(std::size_t limit, std::shared_ptr<PartMemory> memory = nullptr);
    ~MemoryPart() override;

    [[nodiscard]] std::span<std::byte> room() noexcept override {
        return {region_.data() + size_, limit_ - size_};
    }
    [[nodiscard]] Result<void> added(std::size_t count) override {
        size_ += count;
        return {};
    }
    [[nodiscard]] bool full() const noexcept override { return size_ == limit_; }
    [[nodiscard]] std::uint64_t size() const noexcept override { return size_; }
    [[nodiscard]] std::uint64_t memory() const noexcept override { return limit_; }
    [[nodiscard]] Result<void> read(
        const std::function<void(std::span<const std::byte>)>& take) const override {
        take(bytes());
        return {};
    }
    [[nodiscard]] std::shared_ptr<Source> source(const std::shared_ptr<Executor>& executor) const override;

    [[nodiscard]] std::span<const std::byte> bytes() const noexcept { return {region_.data(), size_}; }

private:
    const std::size_t limit_;
    const std::shared_ptr<PartMemory> memory_;
    PartRegion region_;
    std::size_t size_ = 0;
};

}  // namespace filestore::s3
