#pragma once

/// Which layout a store has, and how the processes that share it agree on that.
///
/// `<base>/.filestore/layout` records it in one line: `flat` or `sharded`, and while a store is being converted `flat to sharded` or `sharded to flat`. A store
/// without a record, such as the original's, is flat. Where a sharded one has lost its record, its directories tell: files are looked for in both places then, and `filestore convert` records it again.
///
/// Whoever has a store open holds a shared lock (flock) on its directory, and goes by what was recorded when it was opened. Whoever changes the record so that
/// others would look in the wrong place holds the lock alone meanwhile; so that is refused while others have the store open. The end of a conversion needs no
/// lock: who looks in both places finds everything in the one that is left.

#include <optional>
#include <string>

#include "filestore/local_backend.h"
#include "filestore/result.h"

namespace filestore::local {

class Store;

/// A value.
struct Layout {
    /// Where files come.
    LocalLayout current = LocalLayout::flat;
    /// Where they may still be, in a store that is being converted.
    std::optional<LocalLayout> before{};

    friend bool operator==(const Layout&, const Layout&) = default;
};

/// "flat", "sharded".
[[nodiscard]] std::string_view to_string(LocalLayout layout) noexcept;

/// Nothing where neither a record nor a directory of a shard is there. `unsupported` for a record that this version does not know. `place` is for messages; `base` is a descriptor of the store's
/// directory, here and below.
[[nodiscard]] Result<std::optional<Layout>> read_layout(int base, const std::string& place);

/// The record is there, and survives power loss, whatever the store's durability: where files are must never be forgotten. On failure it may be either.
[[nodiscard]] Result<void> write_layout(const Store& store, const Layout& layout);

/// Takes the shared lock; waits some seconds for somebody who has it alone, then fails with `conflict`. A file system without locks has no
/// conversions either.
[[nodiscard]] Result<void> share_layout(int base, const std::string& place);

/// Takes the lock alone, in place of a shared one. False where others have it; the shared one is gone then too.
[[nodiscard]] Result<bool> take_layout_alone(int base, const std::string& place);

}  // namespace filestore::local
