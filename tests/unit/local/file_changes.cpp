#include "support/file_changes.h"

#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdarg>

namespace filestore::test {

namespace {

thread_local FileChanges* watching = nullptr;
thread_local bool unnamed_files = true;
thread_local DirectoryReads* counting = nullptr;

}  // namespace

FileChanges::FileChanges(int nth, int number) : nth_(nth), number_(number) {
    watching = this;
}

FileChanges::~FileChanges() {
    watching = nullptr;
}

bool FileChanges::allow() {
    if (watching == nullptr || ++watching->count_ != watching->nth_) {
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

WithoutUnnamedFiles::WithoutUnnamedFiles() {
    unnamed_files = false;
}

WithoutUnnamedFiles::~WithoutUnnamedFiles() {
    unnamed_files = true;
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
    if (name[0] == '.' && name[1] == '\0' && (flags & O_TMPFILE) == O_DIRECTORY) {
        filestore::test::DirectoryReads::note();
    }
    const bool makes_a_name = (flags & O_CREAT) != 0;
    return !makes_a_name || FileChanges::allow()
               ? static_cast<int>(::syscall(SYS_openat, directory, name, flags, mode))
               : -1;
}
}
