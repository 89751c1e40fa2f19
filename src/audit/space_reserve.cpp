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
constexpr off_t whole_size = off_t{4} * 1024 * 1024;
constexpr off_t least_size = off_t{64} * 1024;
/// The rows of one deletion, and of the notes that go with it.
constexpr off_t some = off_t{128} * 1024;
/// A disk with less than so many times the size is left to its files.
constexpr off_t ample = 8;

/// Bytes; 0 where there is none.
off_t size_of(const std::string& path) {
    struct stat about = {};
    return stat(path.c_str(), &about) == 0 ? about.st_size : 0;
}

/// Bytes that are free; 0 where nobody knows.
off_t room(const std::string& path) {
    struct statvfs about = {};
    const std::string directory = path.substr(0, path.rfind('/') + 1);
    return statvfs(directory.c_str(), &about) == 0 ? static_cast<off_t>(about.f_frsize * about.f_bavail) : 0;
}

/// As much as there is room for, behind what it has.
bool extend(int file, off_t size, off_t most) {
    const FileSizeSignalBlock no_signal;
    for (off_t more = most; more >= least_size; more /= 2) {
        const int failure = posix_fallocate(file, size, more);
        if (failure == 0) {
            return size + more >= whole_size;
        }
        // A part of it may have been taken.
        static_cast<void>(no_signal.failed_with(failure));
        static_cast<void>(ftruncate(file, size) == 0);
    }
    return false;
}

}  // namespace

SpaceReserve::~SpaceReserve() {
    take_back();
}

void SpaceReserve::prepare() noexcept {
    if (is_whole_) {
        return;
    }
    if (size_of(path_) >= whole_size) {
        is_whole_ = true;
    } else if (room(path_) >= ample * whole_size) {
        take();
    }
}

void SpaceReserve::give_some() noexcept {
    shrink_to(std::max<off_t>(size_of(path_) - some, 0));
}

void SpaceReserve::give_all() noexcept {
    shrink_to(0);
}

void SpaceReserve::shrink_to(long long size) noexcept {
    const Descriptor file = open_at(AT_FDCWD, path_.c_str(), O_WRONLY | O_NOFOLLOW);
    if (file.is_open()) {
        is_whole_ = false;
        was_given_ = true;
        static_cast<void>(ftruncate(file.get(), size) == 0);
    }
}

void SpaceReserve::take_back() noexcept {
    if (was_given_) {
        take();
    }
}

void SpaceReserve::take() noexcept {
    const Descriptor file = open_at(AT_FDCWD, path_.c_str(), O_WRONLY | O_CREAT | O_NOFOLLOW, 0600);
    const off_t size = size_of(path_);
    if (file.is_open() && size < whole_size) {
        is_whole_ = extend(file.get(), size, std::min(whole_size - size, room(path_)));
    }
}

}  // namespace filestore
