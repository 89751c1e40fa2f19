#pragma once

/// Small files that the system has in its memory: read without waiting for a disk.

#include <cstddef>
#include <optional>

#include "filestore/backend.h"
#include "local/store.h"

namespace filestore::local {

/// A whole file of at most `most` bytes, of which data and metadata are of one upload. Nothing where a disk would have to be waited for, and where anything else is
/// not as usual: who asks in the usual way is told. Thread-safe; does not block. May throw std::bad_alloc.
[[nodiscard]] std::optional<FileAtHand> read_at_hand(const Store& store, const FileId& id, std::size_t most);

}  // namespace filestore::local
