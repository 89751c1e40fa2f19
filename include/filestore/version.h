#pragma once

/// The library's version, at compile time and at run time.

#include <string_view>

#include "filestore/export.h"

#define FILESTORE_VERSION_MAJOR 0
#define FILESTORE_VERSION_MINOR 1
#define FILESTORE_VERSION_PATCH 0
#define FILESTORE_VERSION "0.1.0"

namespace filestore {

/// The version of the library that runs, which may be newer than FILESTORE_VERSION.
[[nodiscard]] FILESTORE_API std::string_view version() noexcept;

}  // namespace filestore
