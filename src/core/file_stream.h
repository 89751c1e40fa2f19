#pragma once

/// Streams on descriptors, whose bytes need not pass through the memory of the process.

#include <cstdint>
#include <optional>

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
