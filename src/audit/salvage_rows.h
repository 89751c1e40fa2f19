#pragma once

/// What is read of a damaged catalogue, and becomes of it in the new one (filestore/salvage.h says what).

#include "audit/sqlite.h"
#include "filestore/result.h"
#include "filestore/salvage.h"
#include "filestore/time.h"

namespace filestore {

/// Reads every row of `damaged`, of any version, and writes what counts into `fresh`, a catalogue without rows, in one transaction. Everything but `was_damaged` and `set_aside` of the report is filled in;
/// `was_damaged` is set where anything could not be read. Failures of the new catalogue, and of the request, come back.
[[nodiscard]] Result<void> salvage_rows(SqliteConnection& damaged, SqliteConnection& fresh,
                                        const SalvageRequest& request, Timestamp now, SalvageReport& report);

}  // namespace filestore
