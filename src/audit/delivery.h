#pragma once

/// How a batch of the outbox is told to a server that refuses some of it: halves of it, until the rows that it refuses stand alone. A pure function.
///
/// What a trigger may have said of a row, and the database of the key or the table (a missing permission, a missing column), is of the row where others like it are taken.
/// Where a few from all over the batch are refused alone and none is taken, it is what it says, and the batch ends.

#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "audit/outbox.h"
#include "audit/postgrest/answer.h"

namespace filestore {

/// What was said of some of the entries that were told. A value.
struct Verdict {
    std::vector<OutboxEntry> entries;
    /// Nothing where the server has them all.
    std::optional<postgrest::Refused> refused;
};

/// Tells the server. Every entry is in one of the verdicts. May be called with the same entries again.
using TellEntries = std::function<std::vector<Verdict>(std::span<const OutboxEntry>)>;

struct RefusedEntry {
    OutboxEntry entry;
    Error reason;
};

/// What became of a batch. A value. What is in neither list was not told.
struct Delivery {
    std::vector<OutboxEntry> delivered;
    /// Each was refused alone, for what it is.
    std::vector<RefusedEntry> refused;
    /// Why it ended early, or some were not told: a refusal that says nothing of a row. One that does not pass by itself stands before one that does.
    std::optional<postgrest::Refused> stopped;
};

[[nodiscard]] Delivery deliver(std::span<const OutboxEntry> batch, const TellEntries& tell);

}  // namespace filestore
