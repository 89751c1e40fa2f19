#pragma once

/// An owned file descriptor, and errno as Error.

#include <sys/types.h>

#include <string>
#include <string_view>
#include <utility>

#include "filestore/error.h"

namespace filestore {

/// Closes its descriptor. A resource (movable); one thread at a time.
class Descriptor {
public:
    Descriptor() noexcept = default;
    explicit Descriptor(int number) noexcept : number_(number) {}
    Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
    Descriptor& operator=(Descriptor&& other) noexcept;
    ~Descriptor();

    [[nodiscard]] int get() const noexcept { return number_; }
    [[nodiscard]] bool is_open() const noexcept { return number_ >= 0; }

    /// Closes it no more.
    [[nodiscard]] int release() noexcept { return std::exchange(number_, -1); }

private:
    int number_ = -1;
};

/// openat() with O_CLOEXEC, past EINTR: on a file system of the network an open may wait, and a signal come meanwhile on the caller's own thread. Not open on failure,
/// which errno tells.
[[nodiscard]] Descriptor open_at(int directory, const char* path, int flags, mode_t mode = 0) noexcept;

/// The public code that fits an errno: ENOENT not_found, EACCES/EPERM/EROFS permission_denied, ENOSPC/EDQUOT/EFBIG no_space, EEXIST
/// already_exists, ENOTDIR/EISDIR/ENAMETOOLONG/ELOOP invalid_argument, ENOMEM no_memory, the rest io.
[[nodiscard]] ErrorCode code_of_errno(int number) noexcept;

/// "<what>: <text of errno>", for example "cannot open '/srv/x': No such file or directory".
[[nodiscard]] Error errno_error(int number, std::string_view what);

/// The same for a call on what is open already: there is nothing that was asked for by its name, so ENOENT is `io` and never `not_found`.
[[nodiscard]] Error open_file_error(int number, std::string_view what);

/// The same for a place that the configuration names: where it is not there, `configuration`, and `advice` follows.
[[nodiscard]] Error place_error(int number, std::string_view what, std::string_view advice);

}  // namespace filestore
