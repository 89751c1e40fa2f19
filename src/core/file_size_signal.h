#pragma once

/// SIGXFSZ, which the kernel sends to a thread that writes past the limit of file sizes (RLIMIT_FSIZE).

namespace filestore {

/// Keeps this thread, which may be the caller's own, from dying of such a write: it fails with EFBIG, as it does for who ignores the signal. Nests, and only the
/// outermost one costs system calls. One thread.
class FileSizeSignalBlock {
public:
    FileSizeSignalBlock() noexcept;
    FileSizeSignalBlock(const FileSizeSignalBlock&) = delete;
    FileSizeSignalBlock& operator=(const FileSizeSignalBlock&) = delete;
    ~FileSizeSignalBlock();

    /// A write has failed with `number`, which is answered: leaves no signal of it pending, unless the caller blocks that signal anyway.
    [[nodiscard]] int failed_with(int number) const noexcept;
};

}  // namespace filestore
