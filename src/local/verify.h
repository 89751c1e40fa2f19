#pragma once

/// Verifies a whole local store.
///
/// The IDs are worked through in their order, one window of them after the other, so that memory does not grow with the store and a run can go on where another
/// one has come to. A file that looks damaged is looked at again under its lock: what others are storing or removing is whole by then, or gone. The original
/// system takes no locks: what it may be storing is told from damage by its age.
/// Findings are told, and damaged files moved, one after the other in the order of the IDs; only the reading is parallel.

#include "filestore/verify.h"
#include "local/store.h"

namespace filestore::local {

/// How many IDs a window has at most: some 10 MiB of memory.
inline constexpr std::size_t verify_window = 65'536;

/// See StorageBackend::verify_async; `clock` tells how old files are. Blocks; starts `request.parallel` - 1 threads and ends them.
[[nodiscard]] Result<VerifyReport> verify_store(const Store& store, const VerifyRequest& request,
                                                const Clock& clock, std::size_t window = verify_window);

}  // namespace filestore::local
