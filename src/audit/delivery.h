#pragma once

/// How a batch of the outbox is told to a server that refuses some of it: halves of it, until the rows that it refuses stand alone. A pure function.
///
/// What a constraint says of a row, or a trigger may have said, and the database of the key, the table or its own state (a missing permission, a missing column, a lock), is of the row where others like it are taken.
/// Where a few from all over the batch are refused alone, none is taken, and the table takes no row at all, it is what it says, or of the table, and the batch ends.

#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "audit/outbox.h"
#include "audit/postgrest/answer.h"

namespace filestore {

/// How a row is written. A key may insert rows, and not change them; a constraint may be against one or the other.
enum class Writing { insert, change };

/// What was said of some of the entries that were told. A value.
struct Verdict {
    std::vector<OutboxEntry> entries;
    /// Nothing where the server has them all.
    std::optional<postgrest::Refused> refused;
    /// What was refused; else the last thing that was taken.
    Writing by = Writing::insert;
};

/// Tells the server. Every entry is in one of the verdicts. May be called with the same entries again.
using TellEntries = std::function<std::vector<Verdict>(std::span<const OutboxEntry>)>;

/// Whether the table takes a row that nothing is the matter with, which then is not there all the same.
using AskForRow = std::function<bool()>;

struct RefusedEntry {
    OutboxEntry entry;
    Error reason;
};

/// An entry that was refused alone, and that waits. A value.
struct LeftEntry {
    OutboxEntry entry;
    postgrest::Refused refused;
    Writing by = Writing::insert;
    /// The server takes others like it.
    bool is_its_own = false;
};

/// What a server is known to take. A value.
struct Taken {
    bool inserts = false;
    bool changes = false;

    [[nodiscard]] bool takes(Writing by) const noexcept { return by == Writing::change ? changes : inserts; }
};

/// What became of a batch. A value. What is in none of the lists was not told, or only together with others.
struct Delivery {
    std::vector<OutboxEntry> delivered;
    /// Each was refused alone, for what it is.
    std::vector<RefusedEntry> refused;
    std::vector<LeftEntry> left;
    /// Why it ended early, or nothing like some of the entries was taken. One that does not pass by itself stands before one that does, unless that one may have been of a row.
    std::optional<postgrest::Refused> stopped;
    /// What was not taken, where `stopped` may have been of a row.
    Writing stopped_by = Writing::insert;
    Taken taken;
    /// What was too much at once, or would be, for the time that the server gives a request.
    bool is_too_much = false;
};

/// `takes_a_row` is asked at most once, where nothing else tells whose fault it is. `taken`: what is known before.
[[nodiscard]] Delivery deliver(std::span<const OutboxEntry> batch, const TellEntries& tell,
                               const AskForRow& takes_a_row, Taken taken = {});

}  // namespace filestore
