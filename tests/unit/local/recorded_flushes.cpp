#include "support/recorded_flushes.h"

#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <climits>
#include <string_view>

#include "support/file_changes.h"

namespace filestore::test {

namespace {

thread_local RecordedFlushes* recording = nullptr;

}  // namespace

RecordedFlushes::RecordedFlushes() {
    recording = this;
}

RecordedFlushes::~RecordedFlushes() {
    recording = nullptr;
}

void RecordedFlushes::note(int descriptor) {
    struct ::stat status {};
    if (::fstat(descriptor, &status) == 0 && status.st_nlink == 0) {
        paths_.emplace_back(without_name);
        return;
    }
    char path[PATH_MAX];
    const std::string link = "/proc/self/fd/" + std::to_string(descriptor);
    const ssize_t size = ::readlink(link.c_str(), path, sizeof path);
    const std::string_view shown(path, size > 0 ? static_cast<std::size_t>(size) : 0);
    paths_.emplace_back(shown.ends_with(" (deleted)") ? named_later : shown);
}

}  // namespace filestore::test

/// Stands before the C library's own in this program.
extern "C" int fsync(int descriptor) {
    if (filestore::test::recording != nullptr) {
        filestore::test::recording->note(descriptor);
    }
    return filestore::test::FileChanges::allow() ? static_cast<int>(::syscall(SYS_fsync, descriptor)) : -1;
}
