#pragma once

/// A part that is too large for memory.

#include <memory>
#include <string>
#include <vector>

#include "core/descriptor.h"
#include "core/staged_file.h"
#include "s3/transfer/part_buffer.h"

namespace filestore::s3 {

/// Keeps its bytes in an unnamed file, which goes with it, and the last few in memory: what is small makes no file. Blocks. A resource; see PartBuffer.
class SpooledPart final : public PartBuffer {
public:
    /// `directory` is where the file is made; that of the environment where it is empty.
    SpooledPart(std::uint64_t limit, std::string directory);

    [[nodiscard]] std::span<std::byte> room() noexcept override;
    /// `configuration` where the directory is not there, `no_space`, `permission_denied`, `io`: all name it.
    [[nodiscard]] Result<void> added(std::size_t count) override;
    [[nodiscard]] bool full() const noexcept override { return size() == limit_; }
    [[nodiscard]] std::uint64_t size() const noexcept override { return written_ + in_window_; }
    [[nodiscard]] std::uint64_t memory() const noexcept override;
    [[nodiscard]] Result<void> read(
        const std::function<void(std::span<const std::byte>)>& take) const override;
    [[nodiscard]] std::shared_ptr<Source> source(const std::shared_ptr<Executor>& executor) const override;

    /// Bytes from `position` on; 0 at the end.
    [[nodiscard]] Result<std::size_t> read_at(std::uint64_t position, std::span<std::byte> into) const;

private:
    [[nodiscard]] Result<void> open_file();
    [[nodiscard]] std::string place() const;

    const std::uint64_t limit_;
    std::string directory_path_;
    Descriptor directory_;
    std::optional<StagedFile> file_;
    std::vector<std::byte> window_;
    std::uint64_t written_ = 0;
    std::size_t in_window_ = 0;
};

}  // namespace filestore::s3
