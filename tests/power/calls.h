#pragma once

/// Watches the calls of this program that change or flush something on disk. The library is linked into the program, whose own functions of
/// these names stand before those of the C library: fsync, fdatasync, syncfs, write, pwrite, writev, pwritev, ftruncate, fallocate, copy_file_range,
/// openat that makes a file, mkdir, mkdirat, rename, renameat, renameat2, link, linkat, unlink, unlinkat, rmdir.

#include <string>

namespace filestore::test {

/// Is told of each watched call, on the thread that makes it and of one call at a time. A resource.
class CallWatcher {
public:
    CallWatcher() = default;
    CallWatcher(const CallWatcher&) = delete;
    CallWatcher& operator=(const CallWatcher&) = delete;
    virtual ~CallWatcher() = default;

    /// The call comes next. A write of two bytes or more is made in two halves, and told of before each.
    virtual void before(const std::string& call) = 0;
    /// The call has succeeded, and something may be different now.
    virtual void changed() = 0;
    /// The call has flushed what stands behind the descriptor; with `everything`, its whole file system.
    virtual void flushed(const std::string& call, int descriptor, bool everything) = 0;
};

/// Tells the watcher of what happens below a directory, while this object lives. Not nested. A resource.
class WatchedCalls {
public:
    WatchedCalls(CallWatcher& watcher, const std::string& below);
    WatchedCalls(const WatchedCalls&) = delete;
    WatchedCalls& operator=(const WatchedCalls&) = delete;
    ~WatchedCalls();
};

}  // namespace filestore::test
