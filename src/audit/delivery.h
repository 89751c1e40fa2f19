#pragma once

/// How a batch of the outbox is told to a server that refuses some of it: halves of it, until the rows that it refuses stand alone. A pure function.

#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "audit/outbox.h"
#include "audit/postgrest/answer.h"

namespace filestore {

/// Tells the server; nothing where it took all. May be called with the same entries again.
using TellEntries = std::function<std::optional<postgrest::Refused>(std::span<const OutboxEntry>)>;

struct RefusedEntry {
    OutboxEntry entry;
    Error reason;
};

/// What became of a batch. A value. What is in neither list was not told.
struct Delivery {
    std::vector<OutboxEntry> delivered;
    /// Each was refused alone, for what it is.
    std::vector<RefusedEntry> refused;
    /// Why it ended early: a refusal that says nothing of a row.
    std::optional<postgrest::Refused> stopped;
};

[[nodiscard]] Delivery deliver(std::span<const OutboxEntry> batch, const TellEntries& tell);

}  // namespace filestore
