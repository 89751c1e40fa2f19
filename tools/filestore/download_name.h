#pragma once

/// The name that a download gets where the user gives none.

#include <string>

#include "filestore/backend.h"

namespace filestore::tool {

/// The last part of the recorded name, fit for the working directory whoever recorded it: no directory, no control character (nor one that
/// changes the direction of text), no leading dot or dash. The file ID where that leaves nothing of use.
[[nodiscard]] std::string download_name(const FileInfo& info);

}  // namespace filestore::tool
