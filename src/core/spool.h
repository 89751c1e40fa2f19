#pragma once

/// Keeps bytes until their number is known: a little in memory, more in an unnamed file.

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>

#include "core/descriptor.h"
#include "core/staged_file.h"
#include "filestore/stream.h"

namespace filestore {

/// A resource; one thread at a time; blocks. What it holds on disk has no name and goes with it.
class Spool {
public:
    /// `directory` is where the file is made, once there is more than 1 MiB.
    explicit Spool(std::string directory) : directory_path_(std::move(directory)) {}

    [[nodiscard]] Result<void> append(std::span<const std::byte> bytes);
    [[nodiscard]] std::uint64_t size() const noexcept { return size_; }

    /// A source of everything that was appended, which takes the spool's content over; rewinds.
    [[nodiscard]] Result<std::shared_ptr<Source>> into_source() &&;

private:
    [[nodiscard]] Result<void> move_to_file();

    std::string directory_path_;
    std::string memory_;
    Descriptor directory_;
    std::optional<StagedFile> file_;
    std::uint64_t size_ = 0;
};

}  // namespace filestore
