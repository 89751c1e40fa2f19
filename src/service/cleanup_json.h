#pragma once

/// The JSON form of what a cleanup came to, for the command and the C API. A pure function.

#include <string>

#include "filestore/cleanup.h"

namespace filestore {

/// One compact JSON object: `dry_run`, `removed`, `bytes`, `bytes_in_versions`, `already_gone`, `kept`, `failed`, `stale_uploads`, `purged`, `bytes_purged`, and where versions were counted `kept_versions`, an object: `versions`, `bytes`, `orphan_markers`.
[[nodiscard]] std::string to_json(const CleanupReport& report, bool dry_run);

}  // namespace filestore
