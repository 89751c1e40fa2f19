#include "power/calls.h"

#include <fcntl.h>
#include <linux/limits.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdarg>
#include <mutex>
#include <numeric>
#include <span>
#include <string_view>
#include <vector>

namespace filestore::test {

namespace {

// Threads of the library make calls at the same time; the watcher sees one whole call after the other.
std::mutex one_call;
std::atomic<CallWatcher*> current_watcher = nullptr;
// With a slash at its end; only read while there is a watcher.
std::string watched_directory;

std::string path_behind(int descriptor) {
    std::array<char, PATH_MAX> path{};
    const std::string link = "/proc/self/fd/" + std::to_string(descriptor);
    const ssize_t size = ::readlink(link.c_str(), path.data(), path.size());
    return {path.data(), size > 0 ? static_cast<std::size_t>(size) : 0};
}

std::string path_of(int directory, const char* name) {
    const std::string_view text = name == nullptr ? "" : name;
    if (text.starts_with("/proc/self/fd/")) {
        return path_behind(std::stoi(std::string(text.substr(14))));
    }
    if (text.starts_with('/')) {
        return std::string(text);
    }
    if (directory == AT_FDCWD) {
        return std::string(text);
    }
    return text.empty() ? path_behind(directory) : path_behind(directory) + '/' + std::string(text);
}

bool is_watched(const std::string& path) {
    return (path + '/').starts_with(watched_directory);
}

std::string shown(const std::string& path) {
    return path.starts_with(watched_directory) ? path.substr(watched_directory.size()) : path;
}

/// A call that is watched or not. Holds the lock while it is.
class Call {
public:
    /// `path` says whether the call is of interest, and stands in its description.
    template <class PathOf>
    Call(std::string_view name, PathOf path) {
        if (current_watcher == nullptr) {
            return;
        }
        // The watcher's own writes go elsewhere, and must not wait for the call that it was told of.
        const std::string where = path();
        if (!is_watched(where)) {
            return;
        }
        lock_ = std::unique_lock(one_call);
        watcher_ = current_watcher;
        text_ = std::string(name) + ' ' + shown(where);
    }

    [[nodiscard]] bool watched() const noexcept { return watcher_ != nullptr; }

    void before(std::string_view note = {}) {
        if (watcher_ != nullptr) {
            watcher_->before(text_ + std::string(note));
        }
    }

    template <class Outcome>
    Outcome change(Outcome outcome) {
        if (watcher_ != nullptr && outcome >= 0) {
            watcher_->changed();
        }
        return outcome;
    }

    int flush(int outcome, int descriptor, bool everything) {
        if (watcher_ != nullptr && outcome == 0) {
            watcher_->flushed(text_, descriptor, everything);
        }
        return outcome;
    }

private:
    std::unique_lock<std::mutex> lock_;
    CallWatcher* watcher_ = nullptr;
    std::string text_;
};

int flush(const char* name, long number, int descriptor, bool everything) {
    Call call(name, [&] { return path_behind(descriptor); });
    call.before();
    return call.flush(static_cast<int>(::syscall(number, descriptor)), descriptor, everything);
}

int change_name(const char* name, int directory, const char* path, long number, auto... arguments) {
    Call call(name, [&] { return path_of(directory, path); });
    call.before();
    return call.change(static_cast<int>(::syscall(number, arguments...)));
}

/// Makes the call twice, each for a half of the bytes. `write_part(offset, count)` answers as write.
template <class WritePart>
ssize_t write_in_halves(const char* name, int descriptor, std::size_t count, WritePart write_part) {
    Call call(name, [&] { return path_behind(descriptor); });
    if (!call.watched() || count < 2) {
        call.before();
        return call.change(write_part(0, count));
    }
    call.before();
    const ssize_t first = call.change(write_part(0, count / 2));
    if (first < 0 || static_cast<std::size_t>(first) < count / 2) {
        return first;
    }
    call.before(", second half");
    const ssize_t second = call.change(write_part(count / 2, count - count / 2));
    return second < 0 ? first : first + second;
}

/// The part of some buffers that begins `offset` bytes after their beginning and has `count` bytes.
std::vector<iovec> part_of(std::span<const iovec> buffers, std::size_t offset, std::size_t count) {
    std::vector<iovec> part;
    for (const iovec& buffer : buffers) {
        const std::size_t skipped = std::min(offset, buffer.iov_len);
        const std::size_t taken = std::min(count, buffer.iov_len - skipped);
        if (taken > 0) {
            part.push_back({static_cast<char*>(buffer.iov_base) + skipped, taken});
        }
        offset -= skipped;
        count -= taken;
    }
    return part;
}

std::size_t size_of(std::span<const iovec> buffers) {
    return std::accumulate(buffers.begin(), buffers.end(), std::size_t{0},
                           [](std::size_t sum, const iovec& buffer) { return sum + buffer.iov_len; });
}

}  // namespace

WatchedCalls::WatchedCalls(CallWatcher& watcher, const std::string& below) {
    watched_directory = below + '/';
    current_watcher = &watcher;
}

WatchedCalls::~WatchedCalls() {
    const std::lock_guard lock(one_call);
    current_watcher = nullptr;
}

}  // namespace filestore::test

using namespace filestore::test;

extern "C" {

int fsync(int descriptor) {
    return flush("fsync", SYS_fsync, descriptor, false);
}

int fdatasync(int descriptor) {
    return flush("fdatasync", SYS_fdatasync, descriptor, false);
}

int syncfs(int descriptor) noexcept {
    return flush("syncfs", SYS_syncfs, descriptor, true);
}

ssize_t write(int descriptor, const void* bytes, size_t count) {
    return write_in_halves("write", descriptor, count, [&](std::size_t offset, std::size_t part) -> ssize_t {
        return ::syscall(SYS_write, descriptor, static_cast<const char*>(bytes) + offset, part);
    });
}

ssize_t pwrite(int descriptor, const void* bytes, size_t count, off_t position) {
    return write_in_halves("pwrite", descriptor, count, [&](std::size_t offset, std::size_t part) -> ssize_t {
        return ::syscall(SYS_pwrite64, descriptor, static_cast<const char*>(bytes) + offset, part,
                         position + static_cast<off_t>(offset));
    });
}

ssize_t writev(int descriptor, const iovec* buffers, int count) {
    const std::span all(buffers, static_cast<std::size_t>(count));
    return write_in_halves("writev", descriptor, size_of(all),
                           [&](std::size_t offset, std::size_t size) -> ssize_t {
                               const auto part = part_of(all, offset, size);
                               return ::syscall(SYS_writev, descriptor, part.data(), part.size());
                           });
}

ssize_t pwritev(int descriptor, const iovec* buffers, int count, off_t position) {
    const std::span all(buffers, static_cast<std::size_t>(count));
    return write_in_halves("pwritev", descriptor, size_of(all),
                           [&](std::size_t offset, std::size_t size) -> ssize_t {
                               const auto part = part_of(all, offset, size);
                               return ::syscall(SYS_pwritev, descriptor, part.data(), part.size(),
                                                position + static_cast<off_t>(offset), 0);
                           });
}

int ftruncate(int descriptor, off_t size) noexcept {
    return change_name("ftruncate", descriptor, "", SYS_ftruncate, descriptor, size);
}

int fallocate(int descriptor, int mode, off_t offset, off_t size) {
    return change_name("fallocate", descriptor, "", SYS_fallocate, descriptor, mode, offset, size);
}

ssize_t copy_file_range(int from, off_t* from_offset, int to, off_t* to_offset, size_t count,
                        unsigned flags) {
    Call call("copy_file_range", [&] { return path_behind(to); });
    call.before();
    return call.change(
        static_cast<ssize_t>(::syscall(SYS_copy_file_range, from, from_offset, to, to_offset, count, flags)));
}

/// Only what makes a name changes something.
int openat(int directory, const char* path, int flags, ...) {
    mode_t mode = 0;
    if ((flags & O_CREAT) != 0 || (flags & O_TMPFILE) == O_TMPFILE) {
        va_list arguments;
        va_start(arguments, flags);
        mode = va_arg(arguments, mode_t);
        va_end(arguments);
    }
    if ((flags & O_CREAT) == 0) {
        return static_cast<int>(::syscall(SYS_openat, directory, path, flags, mode));
    }
    return change_name("openat", directory, path, SYS_openat, directory, path, flags, mode);
}

int mkdir(const char* path, mode_t mode) noexcept {
    return change_name("mkdir", AT_FDCWD, path, SYS_mkdir, path, mode);
}

int mkdirat(int directory, const char* path, mode_t mode) noexcept {
    return change_name("mkdirat", directory, path, SYS_mkdirat, directory, path, mode);
}

int rename(const char* from, const char* to) noexcept {
    return change_name("rename", AT_FDCWD, to, SYS_rename, from, to);
}

int renameat(int from_directory, const char* from, int to_directory, const char* to) noexcept {
    return change_name("renameat", to_directory, to, SYS_renameat, from_directory, from, to_directory, to);
}

int renameat2(int from_directory, const char* from, int to_directory, const char* to,
              unsigned flags) noexcept {
    return change_name("renameat2", to_directory, to, SYS_renameat2, from_directory, from, to_directory, to,
                       flags);
}

int link(const char* from, const char* to) noexcept {
    return change_name("link", AT_FDCWD, to, SYS_link, from, to);
}

int linkat(int from_directory, const char* from, int to_directory, const char* to, int flags) noexcept {
    return change_name("linkat", to_directory, to, SYS_linkat, from_directory, from, to_directory, to, flags);
}

int unlink(const char* path) noexcept {
    return change_name("unlink", AT_FDCWD, path, SYS_unlink, path);
}

int unlinkat(int directory, const char* path, int flags) noexcept {
    return change_name("unlinkat", directory, path, SYS_unlinkat, directory, path, flags);
}

int rmdir(const char* path) noexcept {
    return change_name("rmdir", AT_FDCWD, path, SYS_rmdir, path);
}

}  // extern "C"
