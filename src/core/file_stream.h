#pragma once

/// Streams whose bytes need not be copied in the memory of the process: on descriptors, or in memory of their own.

#include <cstdint>
#include <optional>
#include <span>

#include "filestore/stream.h"

namespace filestore {

/// The most bytes that the kernel is asked to move at once: between two such steps a call looks at its limits and tells its progress.
inline constexpr std::uint64_t kernel_copy_size = std::uint64_t{8} * 1024 * 1024;

/// Bytes of a regular file. A value.
struct FileRange {
    int descriptor = -1;
    std::uint64_t offset = 0;
    std::uint64_t size = 0;
};

/// A source on a regular file.
class FileBackedSource : public Source {
public:
    /// What read() has not given yet.
    [[nodiscard]] virtual FileRange rest() const noexcept = 0;

    /// The next `size` bytes have been taken from the file. Fails as read() does, where the file has changed.
    [[nodiscard]] virtual Result<void> taken(std::uint64_t size) = 0;
};

/// A source that keeps what has come in memory of its own.
class LendingSource : public Source {
public:
    /// A value; the bytes stay the source's.
    struct Loan {
        std::span<const std::byte> bytes;
        bool would_block = false;
    };

    /// Whether lend() may be called.
    [[nodiscard]] virtual bool lends() const noexcept { return true; }

    /// As read(), but the bytes stay where they are until give_back(), which has to follow where there are any.
    [[nodiscard]] virtual Result<Loan> lend(const Wake& wake) = 0;

    /// The first `used` of the bytes that were lent last are not needed any more.
    virtual void give_back(std::size_t used) noexcept = 0;
};

/// Null where it does not lend.
[[nodiscard]] inline LendingSource* lender_of(Source& source) noexcept {
    auto* const lender = dynamic_cast<LendingSource*>(&source);
    return lender != nullptr && lender->lends() ? lender : nullptr;
}

/// A sink on a descriptor.
class DescriptorSink : public Sink {
public:
    /// As write(), of at most `range.size` bytes of a file, by the kernel. Nothing where it cannot, and nothing was moved: write() tells why, or
    /// can do it.
    [[nodiscard]] virtual Result<std::optional<IoStep>> take_from(const FileRange& range,
                                                                  const Wake& wake) = 0;
};

/// Copies at most `range.size` bytes between regular files, to the position of `to`, by sharing the blocks where the file systems can. How many; 0
/// where the kernel cannot, or the file has ended. Blocks.
[[nodiscard]] std::uint64_t copy_between_files(const FileRange& range, int to) noexcept;

/// The answer of take_from() after such a copy.
[[nodiscard]] std::optional<IoStep> step_of_copy(std::uint64_t copied) noexcept;

/// Lets an empty file share the blocks of a range, up to the end of the file that has them. False where the file system cannot. Blocks.
[[nodiscard]] bool clone_into_empty(const FileRange& range, int to) noexcept;

}  // namespace filestore
