#pragma once

/// Puts a new catalogue with what can still be read in the place of a damaged one; see filestore/salvage.h.
///
/// All work is done in a directory beside the catalogue, whose presence keeps others from opening it. What is read is a copy. The damaged file moves into the directory, the new one to its place, and the directory
/// gets its final name: a run that is ended at any point is done again from there.

#include <string>

#include "filestore/result.h"
#include "filestore/salvage.h"
#include "filestore/time.h"

namespace filestore {

/// `path` is absolute.
[[nodiscard]] Result<SalvageReport> salvage_catalogue_file(const std::string& path,
                                                           const SalvageRequest& request, Timestamp now);

}  // namespace filestore
