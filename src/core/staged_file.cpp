#include "core/staged_file.h"

#include <fcntl.h>
#include <sys/random.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <utility>

#include "core/encoding.h"
#include "core/try.h"

namespace filestore {

namespace {

constexpr int name_attempts = 16;

Result<std::string> random_hidden_name() {
    std::array<std::byte, 12> bytes{};
    if (::getrandom(bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size())) {
        return open_file_error(errno, "the system gave no random bytes");
    }
    return ".filestore-" + to_hex(bytes);
}

/// Without allocation: it is asked for where a failure would come too late.
std::array<char, 32> self_path(int descriptor) noexcept {
    std::array<char, 32> path{};
    std::snprintf(path.data(), path.size(), "/proc/self/fd/%d", descriptor);
    return path;
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
    Descriptor unnamed(::openat(directory, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, mode));
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
        Descriptor named(
            ::openat(directory, name.c_str(), O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode));
        if (named.is_open()) {
            return StagedFile(directory, std::move(named), std::move(name));
        }
        if (errno != EEXIST) {
            break;
        }
    }
    return open_file_error(errno, "cannot create a file");
}

int StagedFile::link_to(const std::string& name) const noexcept {
    if (hidden_name_.empty()) {
        return ::linkat(AT_FDCWD, self_path(file_.get()).data(), directory_, name.c_str(), AT_SYMLINK_FOLLOW);
    }
    return ::linkat(directory_, hidden_name_.c_str(), directory_, name.c_str(), 0);
}

Result<void> StagedFile::prepare_replacing() {
    if (!hidden_name_.empty()) {
        return {};
    }
    for (int attempt = 0; attempt < name_attempts; ++attempt) {
        FILESTORE_TRY_ASSIGN(std::string name, random_hidden_name());
        if (link_to(name) == 0) {
            hidden_name_ = std::move(name);
            return {};
        }
        if (errno != EEXIST) {
            break;
        }
    }
    return open_file_error(errno, "cannot name the file");
}

Result<void> StagedFile::publish_new(const std::string& name) {
    if (link_to(name) != 0) {
        return open_file_error(errno, "cannot name the file");
    }
    return {};
}

Result<void> StagedFile::publish_replacing(const std::string& name) {
    FILESTORE_TRY(prepare_replacing());
    if (::renameat(directory_, hidden_name_.c_str(), directory_, name.c_str()) != 0) {
        return open_file_error(errno, "cannot rename the file to its name");
    }
    hidden_name_.clear();
    return {};
}

Result<void> write_all(int descriptor, std::span<const std::byte> bytes, const std::string& what) {
    while (!bytes.empty()) {
        const ssize_t written = ::write(descriptor, bytes.data(), bytes.size());
        if (written < 0 && errno == EINTR) {
            continue;
        }
        if (written < 0) {
            return open_file_error(errno, what);
        }
        bytes = bytes.subspan(static_cast<std::size_t>(written));
    }
    return {};
}

Result<void> flush_to_disk(int descriptor, const std::string& what) {
    int outcome = 0;
    do {
        outcome = ::fsync(descriptor);
    } while (outcome != 0 && errno == EINTR);
    if (outcome != 0) {
        return open_file_error(errno, what);
    }
    return {};
}

}  // namespace filestore
