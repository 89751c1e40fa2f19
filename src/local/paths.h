#pragma once

/// Opens what lies below a directory, and never through a symbolic link. Thread-safe; blocks.

#include <sys/types.h>

#include "core/descriptor.h"

namespace filestore::local {

/// As openat() with O_CLOEXEC, but no component of `path` may be a link (ELOOP or ENOTDIR) or lead out of `directory` (EXDEV). By openat2 where the
/// kernel has it and lets us, else as walk_beneath(). Not open on failure, which errno tells.
[[nodiscard]] Descriptor open_beneath(int directory, const char* path, int flags, mode_t mode = 0) noexcept;

/// The same by one openat() for each component.
[[nodiscard]] Descriptor walk_beneath(int directory, const char* path, int flags, mode_t mode = 0) noexcept;

}  // namespace filestore::local
