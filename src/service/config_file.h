#pragma once

/// The text of a configuration file.

#include <string>
#include <string_view>

#include "filestore/result.h"

namespace filestore {

/// At most one byte more than is allowed (see yaml_tree.h), so that a file that is too large shows. `configuration` where it cannot be read; the message names it as a file of that kind. Blocks.
[[nodiscard]] Result<std::string> read_config_file(const std::string& path,
                                                   std::string_view kind = "configuration file");

}  // namespace filestore
