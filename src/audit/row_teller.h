#pragma once

/// How entries of the outbox become rows of the table of a project, in as few requests as that takes.
///
/// Rows are inserted where there are none. An answer that says so is not enough to forget a deletion: it gives back the rows that were written, and those that are not as they must be are read and judged
/// (judgement.h). A table that takes no row of a deleted file gets it as stored, and then its deletion.
///
/// Deletions that were undone are taken back, each guarded by its time. Of those that may have been there before, deletions at a few times take one guarded request for each time. Where there are many times, and a first deletion
/// shows that rows can be claimed, they are claimed first (see claim_of()), by requests with the same guard; the rows that then are claimed get their own times by one request, for which paths and metadata must
/// be what they were. Whoever comes after a crash finds the claim and goes on.

#include <functional>
#include <span>
#include <string>
#include <vector>

#include "audit/delivery.h"
#include "audit/exchanges.h"
#include "audit/postgrest/request.h"

namespace filestore {

/// Answers the replies to requests, in their order.
using Send = std::function<std::vector<Reply>(const std::vector<postgrest::Request>&)>;

/// `table` is one that check_table() takes.
[[nodiscard]] std::vector<Verdict> tell_rows(const std::string& table, std::span<const OutboxEntry> entries,
                                             const Send& send);

}  // namespace filestore
