#pragma once

/// What the rows that a request did not write say of why. A success of PostgREST says that nothing failed, and not that anything was written: a row that a policy or a trigger keeps from
/// being changed is passed over, as one that is as it must be. Pure functions.

#include <optional>
#include <span>

#include "audit/catalogue_row.h"
#include "audit/postgrest/answer.h"
#include "filestore/error.h"
#include "filestore/file_id.h"
#include "filestore/time.h"

namespace filestore::postgrest {

/// A row as the table shows it. A value.
struct SeenRow {
    FileId id{};
    /// Nothing where there is none, or it is hidden from the key.
    std::optional<CatalogueRow> row{};
    /// Why it cannot be read.
    std::optional<Error> unreadable{};
};

/// Of a row that insert_rows() said is there. Each of these answers why it is to be told again, and nothing where the table has it as it must be.
[[nodiscard]] std::optional<Refused> judge_inserted(const SeenRow& seen);

/// Of a row that is to be deleted at that time. One that somebody deleted before is as it must be, and one that is only claimed for it is not (see claim_of()).
[[nodiscard]] std::optional<Refused> judge_marked(const SeenRow& seen, Timestamp deleted_at);

/// Of a row of which deletions at these times are to be taken back. One that somebody deleted at another time is as it must be.
[[nodiscard]] std::optional<Refused> judge_taken_back(const SeenRow& seen, std::span<const Timestamp> undone);

}  // namespace filestore::postgrest
