#pragma once

/// The JSON forms of what verify tells, which the C API and the command both answer. Pure functions.

#include <string>

#include "filestore/verify.h"

namespace filestore {

/// One compact JSON object: `file_id`, `damage`, `what`, `quarantined`.
[[nodiscard]] std::string to_json(const VerifyFinding& finding);

/// One compact JSON object: `files`, `bytes`, `unchecked`, `corrupt`, `missing`, `orphaned`, `unreadable`, `in_quarantine`, `under_way`.
[[nodiscard]] std::string to_json(const VerifyReport& report);

}  // namespace filestore
