#pragma once

/// Where the catalogue is kept when nothing else is said.

#include <string>

#include "filestore/result.h"
#include "filestore/service.h"

namespace filestore {

/// The path of `options`; for a local store inside it, for S3 under the user's state directory (XDG Base Directory Specification:
/// `$XDG_STATE_HOME`, else `$HOME/.local/state`). Empty for "off". `configuration` where neither variable is set.
[[nodiscard]] Result<std::string> catalogue_path(const ServiceOptions& options);

}  // namespace filestore
