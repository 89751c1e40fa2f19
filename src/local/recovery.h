#pragma once

/// What opening a store does about processes that crashed.

#include "filestore/result.h"
#include "local/store.h"

namespace filestore::local {

/// Settles the operations that crashed processes left unfinished (see commit.h), and removes their hidden files. What live processes are at work on, which
/// their locks tell, stays. Looks only at `<base>/.filestore/staging`, so it costs what is unfinished. What cannot be settled now, in a store that
/// cannot be written to for one, is settled before the next operation on its file. Fails where the directory is none of ours (a link, a file) or cannot be read,
/// other than for lack of permission. Blocks.
[[nodiscard]] Result<void> recover(const Store& store);

}  // namespace filestore::local
