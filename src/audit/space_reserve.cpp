#include "audit/space_reserve.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>

#include "core/descriptor.h"
#include "core/file_size_signal.h"

namespace filestore {

namespace {

/// The intents of a whole batch of removals fit in, and what SQLite needs to open a file.
constexpr off_t whole_size = off_t{1024} * 1024;
constexpr off_t least_size = off_t{64} * 1024;
/// A disk with less than so many times the size is left to its files.
constexpr off_t ample = 16;

bool is_whole(const std::string& path) {
    struct stat about = {};
    return stat(path.c_str(), &about) == 0 && about.st_size >= whole_size;
}

/// Bytes that are free; 0 where nobody knows.
off_t room(const std::string& path) {
    struct statvfs about = {};
    const std::string directory = path.substr(0, path.rfind('/') + 1);
    return statvfs(directory.c_str(), &about) == 0 ? static_cast<off_t>(about.f_frsize * about.f_bavail) : 0;
}

}  // namespace

void SpaceReserve::prepare() const noexcept {
    if (!is_whole(path_) && room(path_) >= ample * whole_size) {
        take_back();
    }
}

void SpaceReserve::give() const noexcept {
    static_cast<void>(open_at(AT_FDCWD, path_.c_str(), O_WRONLY | O_TRUNC | O_NOFOLLOW));
}

void SpaceReserve::take_back() const noexcept {
    const FileSizeSignalBlock no_signal;
    give();
    for (off_t size = std::min(whole_size, room(path_)); size >= least_size; size /= 2) {
        // What came of a larger one that did not fit goes.
        const Descriptor file =
            open_at(AT_FDCWD, path_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW, 0600);
        const int failure = file.is_open() ? posix_fallocate(file.get(), 0, size) : 0;
        if (failure == 0) {
            return;
        }
        static_cast<void>(no_signal.failed_with(failure));
    }
    give();
}

}  // namespace filestore
