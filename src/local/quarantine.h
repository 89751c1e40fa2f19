#pragma once

/// Where the damaged files of a local store go: `<base>/.filestore/quarantine`, which has the layout of a flat store, so that the command and the library read it
/// (`--base-path`). A file that comes there a second time under the same ID gets the names `<id>.1` and `<id>.json.1`, and so on.
///
/// What a crash leaves: the data is moved first, then the metadata. Between the two the store has metadata of no file, which the next repair
/// moves to its data.

#include "local/store.h"

namespace filestore::local {

/// Moves data and metadata of a file out of the store, as far as they are there; replaces and deletes nothing. The caller holds the file's lock. Blocks.
[[nodiscard]] Result<void> move_to_quarantine(const Store& store, const FileId& id);

/// Whether data or metadata of the file is there.
[[nodiscard]] Result<bool> is_in_quarantine(const Store& store, const FileId& id);

}  // namespace filestore::local
