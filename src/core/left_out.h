#pragma once

/// Parts of the library that a build may go without (`FILESTORE_WITH_...` of CMakeLists.txt).

#include <string_view>

#include "filestore/result.h"

namespace filestore {

/// `unsupported`: this build lacks `part`, which `option` would bring.
[[nodiscard]] Error left_out_error(std::string_view part, std::string_view option);

}  // namespace filestore
