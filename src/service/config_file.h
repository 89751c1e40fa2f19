#pragma once

/// The text of a configuration file.

#include <string>

#include "filestore/result.h"

namespace filestore {

/// At most one byte more than is allowed (see yaml_tree.h), so that a file that is too large shows. `configuration` where it cannot be read. Blocks.
[[nodiscard]] Result<std::string> read_config_file(const std::string& path);

}  // namespace filestore
