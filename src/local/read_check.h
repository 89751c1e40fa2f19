#pragma once

/// Compares a file that is read with its checksum.

#include <cstdint>
#include <span>

#include "core/checksum/checksum.h"
#include "filestore/file_id.h"
#include "local/store.h"

namespace filestore::local {

/// Takes the bytes of a file as they are read. A read that does not go from the first byte to the last, in order, is not compared. A resource
/// (movable); one thread at a time.
class ReadCheck {
public:
    /// `size`: the bytes of the whole file.
    ReadCheck(ChecksumValue expected, std::uint64_t size);

    /// `corrupt` with the last bytes of a file whose checksum is another one.
    [[nodiscard]] Result<void> add(const Store& store, const FileId& id, std::uint64_t offset,
                                   std::span<const std::byte> bytes);

private:
    Checksum running_;
    ChecksumValue expected_;
    std::uint64_t size_;
    std::uint64_t next_ = 0;
};

}  // namespace filestore::local
