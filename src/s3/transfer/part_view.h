#pragma once

/// A part that lies in the memory of its source.

#include <memory>
#include <span>
#include <utility>

#include "core/memory_source.h"
#include "s3/transfer/part_buffer.h"

namespace filestore::s3 {

/// Whole from the start; takes up no memory of its own.
class PartView final : public PartBuffer {
public:
    PartView(std::shared_ptr<const MemorySource> owner, std::span<const std::byte> bytes)
        : owner_(std::move(owner)), bytes_(bytes) {}

    [[nodiscard]] std::span<std::byte> room() noexcept override { return {}; }
    [[nodiscard]] Result<void> added(std::size_t) override { return {}; }
    [[nodiscard]] bool full() const noexcept override { return true; }
    [[nodiscard]] std::uint64_t size() const noexcept override { return bytes_.size(); }
    [[nodiscard]] std::uint64_t memory() const noexcept override { return 0; }
    [[nodiscard]] Result<void> read(
        const std::function<void(std::span<const std::byte>)>& take) const override {
        take(bytes_);
        return {};
    }
    [[nodiscard]] std::shared_ptr<Source> source(const std::shared_ptr<Executor>&) const override {
        return source_of_bytes(owner_, bytes_);
    }

private:
    std::shared_ptr<const MemorySource> owner_;
    std::span<const std::byte> bytes_;
};

}  // namespace filestore::s3
