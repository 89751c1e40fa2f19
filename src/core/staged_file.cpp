#include "core/staged_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <utility>

#include "core/encoding.h"
#include "core/file_size_signal.h"
#include "core/try.h"

namespace filestore {

namespace {

constexpr int name_attempts = 16;
constexpr std::string_view hidden_prefix = ".filestore-";

Result<std::string> random_hidden_name() {
    std::array<std::byte, 12> bytes{};
    if (::getrandom(bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size())) {
        return open_file_error(errno, "the system gave no random bytes");
    }
    return std::string(hidden_prefix) + to_hex(bytes);
}

/// Without allocation: it is asked for where a failure would come too late.
std::array<char, 32> self_path(int descriptor) noexcept {
    std::array<char, 32> path{};
    std::snprintf(path.data(), path.size(), "/proc/self/fd/%d", descriptor);
    return path;
}

/// False where remove_if_abandoned() came between the making and the locking. Without locks nobody removes it either.
bool lock_as_mine(int descriptor) noexcept {
    if (::flock(descriptor, LOCK_EX | LOCK_NB) != 0) {
        return errno != EWOULDBLOCK;
    }
    struct ::stat status {};
    return ::fstat(descriptor, &status) == 0 && status.st_nlink > 0;
}

}  // namespace

StagedFile::StagedFile(int directory, Descriptor file, std::string hidden_name) noexcept
    : directory_(directory), file_(std::move(file)), hidden_name_(std::move(hidden_name)) {}

StagedFile::StagedFile(StagedFile&& other) noexcept
    : directory_(other.directory_),
      file_(std::move(other.file_)),
      hidden_name_(std::exchange(other.hidden_name_, {})) {}

StagedFile::~StagedFile() {
    if (!hidden_name_.empty()) {
        ::unlinkat(directory_, hidden_name_.c_str(), 0);
    }
}

Result<StagedFile> StagedFile::create(int directory, unsigned mode) {
    Descriptor unnamed = open_at(directory, ".", O_TMPFILE | O_RDWR, mode);
    if (unnamed.is_open()) {
        // Without /proc an unnamed file could not be given its name later.
        if (::access(self_path(unnamed.get()).data(), F_OK) == 0) {
            return StagedFile(directory, std::move(unnamed), {});
        }
    } else if (errno != EOPNOTSUPP && errno != EISDIR && errno != ENOENT && errno != EINVAL) {
        return open_file_error(errno, "cannot create a file");
    }
    for (int attempt = 0; attempt < name_attempts; ++attempt) {
        FILESTORE_TRY_ASSIGN(std::string name, random_hidden_name());
        Descriptor named = open_at(directory, name.c_str(), O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW, mode);
        if (named.is_open() && lock_as_mine(named.get())) {
            return StagedFile(directory, std::move(named), std::move(name));
        }
        if (!named.is_open() && errno != EEXIST) {
            break;
        }
    }
    return open_file_error(errno, "cannot create a file");
}

std::optional<StagedFile> StagedFile::adopt(int directory, Descriptor file) {
    if (!file.is_open() || ::access(self_path(file.get()).data(), F_OK) != 0) {
        return std::nullopt;
    }
    return StagedFile(directory, std::move(file), {});
}

bool StagedFile::is_hidden_name(std::string_view name) noexcept {
    return name.starts_with(hidden_prefix);
}

void StagedFile::remove_if_abandoned(int directory, const std::string& hidden_name) noexcept {
    const Descriptor file = open_at(directory, hidden_name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
    // The lock is held until the name is gone: whoever has just made the file sees that.
    if (file.is_open() && ::flock(file.get(), LOCK_EX | LOCK_NB) == 0) {
        ::unlinkat(directory, hidden_name.c_str(), 0);
    }
}

int StagedFile::link_to(int directory, const std::string& name) const noexcept {
    if (hidden_name_.empty()) {
        return ::linkat(AT_FDCWD, self_path(file_.get()).data(), directory, name.c_str(), AT_SYMLINK_FOLLOW);
    }
    return ::linkat(directory_, hidden_name_.c_str(), directory, name.c_str(), 0);
}

Result<void> StagedFile::prepare_replacing() {
    if (!hidden_name_.empty()) {
        return {};
    }
    for (int attempt = 0; attempt < name_attempts; ++attempt) {
        FILESTORE_TRY_ASSIGN(std::string name, random_hidden_name());
        if (link_to(directory_, name) == 0) {
            hidden_name_ = std::move(name);
            return {};
        }
        if (errno != EEXIST) {
            break;
        }
    }
    return open_file_error(errno, "cannot name the file");
}

Result<void> StagedFile::publish_new_in(int directory, const std::string& name) const {
    if (link_to(directory, name) != 0) {
        return open_file_error(errno, "cannot name the file");
    }
    return {};
}

Result<void> StagedFile::publish_replacing_in(int directory, const std::string& name) {
    FILESTORE_TRY(prepare_replacing());
    if (::renameat(directory_, hidden_name_.c_str(), directory, name.c_str()) != 0) {
        return open_file_error(errno, "cannot rename the file to its name");
    }
    hidden_name_.clear();
    return {};
}

int write_to_descriptor(int descriptor, std::span<const std::byte> bytes) noexcept {
    const FileSizeSignalBlock block;
    while (!bytes.empty()) {
        const ssize_t written = ::write(descriptor, bytes.data(), bytes.size());
        if (written >= 0) {
            bytes = bytes.subspan(static_cast<std::size_t>(written));
        } else if (errno != EINTR) {
            return block.failed_with(errno);
        }
    }
    return 0;
}

Result<void> write_all(int descriptor, std::span<const std::byte> bytes, const std::string& what) {
    const int number = write_to_descriptor(descriptor, bytes);
    return number == 0 ? Result<void>() : open_file_error(number, what);
}

Result<void> sync_range(int descriptor, unsigned what_to_do, const std::string& what) {
    while (::sync_file_range(descriptor, 0, 0, what_to_do) != 0) {
        // Where it is not there, or a filter of system calls forbids it, the flush does it all.
        if (errno == ENOSYS || errno == EPERM) {
            break;
        }
        if (errno != EINTR) {
            return open_file_error(errno, what);
        }
    }
    return {};
}

Result<void> begin_write_out(int descriptor, const std::string& what) {
    return sync_range(descriptor, SYNC_FILE_RANGE_WRITE, what);
}

Result<void> write_out(int descriptor, const std::string& what) {
    return sync_range(descriptor,
                      SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WRITE | SYNC_FILE_RANGE_WAIT_AFTER, what);
}

int flush_descriptor(int descriptor) noexcept {
    while (::fsync(descriptor) != 0) {
        if (errno != EINTR) {
            return errno;
        }
    }
    return 0;
}

Result<void> flush_to_disk(int descriptor, const std::string& what) {
    const int number = flush_descriptor(descriptor);
    return number == 0 ? Result<void>() : open_file_error(number, what);
}

}  // namespace filestore
