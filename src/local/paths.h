#pragma once

/// Opens what lies below a directory, and never through a symbolic link. Thread-safe; blocks.

#include <sys/types.h>

#include "core/descriptor.h"

namespace filestore::local {

/// As openat() with O_CLOEXEC, but no component of `path` may be a link (ELOOP or ENOTDIR) or lead out of `directory` (EXDEV). By openat2 where the
/// kernel has it and lets us, else as walk_beneath(). Not open on failure, which errno tells.
[[nodiscard]] Descriptor open_beneath(int directory, const char* path, int flags, mode_t mode = 0) noexcept;

/// The same of what the system has in memory, on the file system of `directory`: not open where it would have to ask a disk, and where the kernel cannot tell.
[[nodiscard]] Descriptor open_cached_beneath(int directory, const char* path, int flags) noexcept;

/// As open_beneath(), by one openat() for each component.
[[nodiscard]] Descriptor walk_beneath(int directory, const char* path, int flags, mode_t mode = 0) noexcept;

}  // namespace filestore::local
