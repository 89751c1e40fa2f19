#pragma once

/// What a store may look like after the power went.

#include <string>
#include <vector>

#include "filestore/local_backend.h"
#include "power/ledger.h"
#include "power/trials.h"

namespace filestore::test {

/// Opens the store, which recovers, and says what is wrong with it; afterwards it is used, and the files of the sequence are gone.
///
///     full   Each file is as its last acknowledged operation left it, or as the one that was cut would have. Nothing else is left.
///     data   Each file is as one of its operations left it, whole.
///     none   Files that no operation touched are as they were.
///
/// In every mode the store opens, each call answers, and new files can be stored and removed.
///
/// Where a file system keeps each directory by itself, `sidecars_may_stay`: metadata without a file, which nobody asks for.
/// A conversion or repair that was begun is ended, and the files are looked at again: what was damaged is in the quarantine.
[[nodiscard]] std::vector<std::string> problems_after_cut(const std::string& base, const Trial& trial,
                                                          const Ledger& ledger,
                                                          bool sidecars_may_stay = false);

}  // namespace filestore::test
