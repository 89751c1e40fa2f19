#pragma once

/// Looks at one file of a local store for damage.

#include <cstddef>
#include <functional>
#include <optional>
#include <span>

#include "filestore/verify.h"
#include "local/store.h"

namespace filestore::local {

/// What a look at a file has told. A value.
struct Examined {
    std::optional<VerifyFinding> finding{};
    /// Read.
    std::uint64_t bytes = 0;
    /// There is data, metadata or a record of it.
    bool is_known = false;
    /// There is data or metadata.
    bool is_there = false;
    bool is_unchecked = false;
    bool is_in_quarantine = false;
    /// There is data, and no metadata or such as breaks off: what a program leaves that is storing the file in place.
    bool lacks_metadata = false;
    /// As the caller of examine() finds.
    bool is_under_way = false;

    /// To the quarantine. What cannot be read may be sound.
    [[nodiscard]] bool can_be_moved() const noexcept {
        return finding && finding->damage != Damage::unreadable && is_there;
    }
};

/// Whether a file is recorded as stored: asked where its data is not there, and after that was seen.
using IsRecorded = std::function<Result<bool>()>;

/// Reads a file with its metadata, through `buffer`. Damage is no failure; those are `cancelled` and `timeout` by the call's limits, want of memory or of
/// descriptors, and those of `is_recorded`. Where the file is being stored, replaced or removed it may look damaged, unless the caller holds its lock. Blocks.
[[nodiscard]] Result<Examined> examine(const Store& store, const FileId& id, const IsRecorded& is_recorded,
                                       std::span<std::byte> buffer, const CallOptions& limits);

/// Whether a file's data or metadata changed at `time` or later, by the clock of their file system.
[[nodiscard]] Result<bool> has_changed_since(const Store& store, const FileId& id, Timestamp time);

}  // namespace filestore::local
