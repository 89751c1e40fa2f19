#pragma once

/// A directory that is read name by name.

#include <dirent.h>

#include <memory>
#include <string>

#include "filestore/result.h"

namespace filestore::local {

struct CloseDirectory {
    void operator()(DIR* directory) const noexcept { ::closedir(directory); }
};

/// A resource; one thread at a time.
using Directory = std::unique_ptr<DIR, CloseDirectory>;

/// Begins anew, whatever has been read through `descriptor` before. `what` leads the message of a failure.
[[nodiscard]] Result<Directory> open_directory(int descriptor, const std::string& what);

}  // namespace filestore::local
