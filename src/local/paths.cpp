#include "local/paths.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <cstring>
#include <string_view>

namespace filestore::local {

namespace {

Descriptor failed(int number) noexcept {
    errno = number;
    return Descriptor();
}

/// The kernel's own check. EAGAIN: somebody renamed while it looked.
Descriptor open_by_kernel(int directory, const char* path, int flags, mode_t mode) noexcept {
    constexpr int attempts = 16;
    struct ::open_how how {};
    how.flags = static_cast<unsigned>(flags | O_CLOEXEC);
    how.mode = (flags & O_CREAT) != 0 ? mode : 0;
    how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS;
    long number = -1;
    for (int attempt = 0; attempt < attempts; ++attempt) {
        number = ::syscall(SYS_openat2, directory, path, &how, sizeof how);
        if (number >= 0 || (errno != EAGAIN && errno != EINTR)) {
            break;
        }
    }
    return Descriptor(static_cast<int>(number));
}

}  // namespace

Descriptor open_beneath(int directory, const char* path, int flags, mode_t mode) noexcept {
    // One component leads nowhere else, so that the plain call does, which is cheaper.
    if (std::strchr(path, '/') == nullptr) {
        return walk_beneath(directory, path, flags, mode);
    }
    Descriptor opened = open_by_kernel(directory, path, flags, mode);
    // EPERM is also what a filter of system calls answers.
    if (!opened.is_open() && (errno == ENOSYS || errno == EPERM)) {
        return walk_beneath(directory, path, flags, mode);
    }
    return opened;
}

Descriptor open_cached_beneath(int directory, const char* path, int flags) noexcept {
    struct ::open_how how {};
    how.flags = static_cast<unsigned>(flags | O_CLOEXEC | O_NOFOLLOW);
    how.resolve =
        RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS | RESOLVE_NO_XDEV | RESOLVE_CACHED;
    return Descriptor(static_cast<int>(::syscall(SYS_openat2, directory, path, &how, sizeof how)));
}

Descriptor walk_beneath(int directory, const char* path, int flags, mode_t mode) noexcept {
    std::string_view rest(path);
    Descriptor above;
    while (true) {
        const std::size_t slash = std::min(rest.find('/'), rest.size());
        const std::string_view component = rest.substr(0, slash);
        if (component.empty() || component == "..") {
            return failed(rest.empty() ? ENOENT : EXDEV);
        }
        if (component.size() > NAME_MAX) {
            return failed(ENAMETOOLONG);
        }
        std::array<char, NAME_MAX + 1> name{};
        std::copy(component.begin(), component.end(), name.begin());
        const int from = above.is_open() ? above.get() : directory;
        if (slash == rest.size()) {
            return open_at(from, name.data(), flags | O_NOFOLLOW, mode);
        }
        above = open_at(from, name.data(), O_PATH | O_DIRECTORY | O_NOFOLLOW);
        if (!above.is_open()) {
            return Descriptor();
        }
        rest.remove_prefix(slash + 1);
    }
}

}  // namespace filestore::local
