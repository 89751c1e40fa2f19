#pragma once

/// The JSON form of FileInfo, which the C API and the command both answer. A pure function.

#include <string>

#include "filestore/backend.h"

namespace filestore {

/// One compact JSON object: `file_id`, `original_path`, `size`, `last_modified`, `content_type`, `metadata`.
[[nodiscard]] std::string to_json(const FileInfo& info);

}  // namespace filestore
