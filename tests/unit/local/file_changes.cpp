#include "support/file_changes.h"

#include <dirent.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstdarg>
#include <thread>
#include <utility>
#include <vector>

namespace filestore::test {

namespace {

thread_local FileChanges* watching = nullptr;
thread_local bool unnamed_files = true;
thread_local DirectoryReads* counting = nullptr;
thread_local bool directories_hesitate = false;
/// Given once, and to be given again.
thread_local dirent* given_once = nullptr;
std::atomic<bool> blocks_are_shared = false;

/// What a file system with blocks of 4096 bytes answers to FICLONERANGE, and then finds in the file.
int share_blocks(int to, const file_clone_range& clone) {
    constexpr std::uint64_t block = 4096;
    const int from = static_cast<int>(clone.src_fd);
    struct ::stat status {};
    if (::fstat(from, &status) != 0) {
        return -1;
    }
    const auto end = clone.src_offset + clone.src_length;
    const bool to_its_end = end == static_cast<std::uint64_t>(status.st_size);
    if (clone.src_offset % block != 0 || (!to_its_end && end % block != 0)) {
        errno = EINVAL;
        return -1;
    }
    std::vector<char> bytes(clone.src_length);
    const auto size = static_cast<ssize_t>(bytes.size());
    const bool copied =
        ::pread(from, bytes.data(), bytes.size(), static_cast<off_t>(clone.src_offset)) == size &&
        ::pwrite(to, bytes.data(), bytes.size(), static_cast<off_t>(clone.dest_offset)) == size;
    return copied ? 0 : -1;
}

}  // namespace

FileChanges::FileChanges(int nth, int number, bool is_lasting)
    : nth_(nth), number_(number), is_lasting_(is_lasting) {
    watching = this;
}

FileChanges::~FileChanges() {
    watching = nullptr;
}

bool FileChanges::allow() {
    if (watching == nullptr) {
        return true;
    }
    const int number = ++watching->count_;
    if (number < watching->nth_ || (number > watching->nth_ && !watching->is_lasting_) ||
        watching->nth_ == 0) {
        return true;
    }
    if (watching->number_ == 0) {
        ::_exit(exit_code);
    }
    errno = watching->number_;
    return false;
}

DirectoryReads::DirectoryReads() {
    counting = this;
}

DirectoryReads::~DirectoryReads() {
    counting = nullptr;
}

void DirectoryReads::note() noexcept {
    if (counting != nullptr) {
        ++counting->count_;
    }
}

HesitantDirectories::HesitantDirectories() {
    directories_hesitate = true;
}

HesitantDirectories::~HesitantDirectories() {
    directories_hesitate = false;
}

WithoutUnnamedFiles::WithoutUnnamedFiles() {
    unnamed_files = false;
}

WithoutUnnamedFiles::~WithoutUnnamedFiles() {
    unnamed_files = true;
}

SharedBlocks::SharedBlocks() {
    blocks_are_shared = true;
}

SharedBlocks::~SharedBlocks() {
    blocks_are_shared = false;
}

}  // namespace filestore::test

using filestore::test::FileChanges;

/// These stand before the C library's own in this program.
extern "C" {

int linkat(int from, const char* old_name, int to, const char* new_name, int flags) {
    return FileChanges::allow() ? static_cast<int>(::syscall(SYS_linkat, from, old_name, to, new_name, flags))
                                : -1;
}

int renameat2(int from, const char* old_name, int to, const char* new_name, unsigned flags) {
    return FileChanges::allow()
               ? static_cast<int>(::syscall(SYS_renameat2, from, old_name, to, new_name, flags))
               : -1;
}

int renameat(int from, const char* old_name, int to, const char* new_name) {
    return ::renameat2(from, old_name, to, new_name, 0);
}

int unlinkat(int directory, const char* name, int flags) {
    return FileChanges::allow() ? static_cast<int>(::syscall(SYS_unlinkat, directory, name, flags)) : -1;
}

int openat(int directory, const char* name, int flags, ...) {
    mode_t mode = 0;
    if ((flags & O_CREAT) != 0 || (flags & O_TMPFILE) == O_TMPFILE) {
        va_list arguments;
        va_start(arguments, flags);
        mode = va_arg(arguments, mode_t);
        va_end(arguments);
    }
    if (!filestore::test::unnamed_files && (flags & O_TMPFILE) == O_TMPFILE) {
        errno = EOPNOTSUPP;
        return -1;
    }
    const bool makes_a_name = (flags & O_CREAT) != 0;
    return !makes_a_name || FileChanges::allow()
               ? static_cast<int>(::syscall(SYS_openat, directory, name, flags, mode))
               : -1;
}

DIR* fdopendir(int descriptor) {
    using Open = DIR* (*)(int);
    static const auto open = reinterpret_cast<Open>(::dlsym(RTLD_NEXT, "fdopendir"));
    filestore::test::DirectoryReads::note();
    return open(descriptor);
}

dirent* readdir(DIR* directory) {
    using Read = dirent* (*)(DIR*);
    static const auto read = reinterpret_cast<Read>(::dlsym(RTLD_NEXT, "readdir"));
    if (!filestore::test::directories_hesitate) {
        return read(directory);
    }
    if (filestore::test::given_once != nullptr) {
        return std::exchange(filestore::test::given_once, nullptr);
    }
    if (::telldir(directory) == 0) {
        std::this_thread::sleep_for(std::chrono::milliseconds(100));
    }
    return filestore::test::given_once = read(directory);
}

int ioctl(int descriptor, unsigned long request, ...) {
    va_list arguments;
    va_start(arguments, request);
    void* const argument = va_arg(arguments, void*);
    va_end(arguments);
    if (request == FICLONERANGE && filestore::test::blocks_are_shared) {
        return filestore::test::share_blocks(descriptor, *static_cast<const file_clone_range*>(argument));
    }
    return static_cast<int>(::syscall(SYS_ioctl, descriptor, request, argument));
}
}
