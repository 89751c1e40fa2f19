#include "local/store.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <filesystem>
#include <thread>

#include "core/call_limits.h"
#include "core/staged_file.h"
#include "core/text.h"
#include "core/try.h"

namespace filestore::local {

namespace {

constexpr mode_t directory_mode = 0700;
constexpr mode_t file_mode = 0600;
constexpr const char* own_directory = ".filestore";
constexpr std::chrono::milliseconds shortest_lock_pause{1};
constexpr std::chrono::milliseconds longest_lock_pause{20};

/// A store that cannot be opened says nothing about its files, so this is never `not_found`.
Error opening_error(int number, const std::string& what) {
    return place_error(number, what, "check base_path");
}

Error making_error(int number, const std::filesystem::path& path) {
    return opening_error(number, "cannot make directory " + filestore::quoted(path.native()));
}

/// Without it a power loss could take the new directory away, and with it all that was flushed into it.
Result<void> flush_name(int directory, Durability durability) {
    if (durability == Durability::none) {
        return {};
    }
    return flush_to_disk(directory, "cannot flush the directory above the store's own");
}

Result<void> flush_name_of(const std::filesystem::path& made, Durability durability) {
    const std::filesystem::path parent = made.has_parent_path() ? made.parent_path() : ".";
    const Descriptor directory(::open(parent.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!directory.is_open()) {
        return opening_error(errno, "cannot open directory " + filestore::quoted(parent.native()));
    }
    return flush_name(directory.get(), durability);
}

/// Makes a directory and the missing ones above it.
Result<void> make_directories(const std::filesystem::path& path, Durability durability) {
    int made = ::mkdir(path.c_str(), directory_mode);
    const std::filesystem::path parent = path.parent_path();
    if (made != 0 && errno == ENOENT && !parent.empty() && parent != path) {
        FILESTORE_TRY(make_directories(parent, durability));
        made = ::mkdir(path.c_str(), directory_mode);
    }
    if (made == 0) {
        return flush_name_of(path, durability);
    }
    return errno == EEXIST ? Result<void>() : making_error(errno, path);
}

Result<Descriptor> open_metadata_directory(const Store& store) {
    if (::mkdirat(store.base.get(), "metadata", directory_mode) == 0) {
        FILESTORE_TRY(flush_name(store.base.get(), store.durability));
    } else if (errno != EEXIST) {
        return opening_error(errno, "cannot make directory 'metadata' " + store.place());
    }
    Descriptor directory(
        ::openat(store.base.get(), "metadata", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!directory.is_open()) {
        return opening_error(errno, "cannot open directory 'metadata' " + store.place());
    }
    return directory;
}

/// One number for a file: two files that share one only wait for each other.
off_t lock_byte(const FileId& id) {
    std::uint64_t number = 0;
    const std::string_view text = id.text();
    std::from_chars(text.data(), text.data() + 8, number, 16);
    std::uint64_t low = 0;
    std::from_chars(text.data() + 24, text.data() + 31, low, 16);
    return static_cast<off_t>((number << 28U) | low);
}

Result<Descriptor> open_lock_file(const Store& store) {
    constexpr const char* lock_path = ".filestore/lock";
    const auto open_it = [&] {
        return Descriptor(
            ::openat(store.base.get(), lock_path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, file_mode));
    };
    Descriptor file = open_it();
    if (!file.is_open() && errno == ENOENT) {
        if (::mkdirat(store.base.get(), own_directory, directory_mode) != 0 && errno != EEXIST) {
            return open_file_error(errno, "cannot make directory '.filestore' " + store.place());
        }
        file = open_it();
    }
    if (!file.is_open()) {
        return open_file_error(errno, "cannot open the lock file " + store.place());
    }
    return file;
}

}  // namespace

Result<Store> Store::open(const std::string& base_path, Durability durability) {
    if (base_path.empty() || base_path.find('\0') != std::string::npos) {
        return Error(ErrorCode::invalid_argument,
                     "base_path " + filestore::quoted(base_path) + " names no directory");
    }
    std::filesystem::path path(base_path);
    if (!path.has_filename()) {
        path = path.parent_path();
    }
    FILESTORE_TRY(make_directories(path, durability));
    Store store;
    store.base_path = base_path;
    store.durability = durability;
    store.base = Descriptor(::open(base_path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!store.base.is_open()) {
        return opening_error(errno, "cannot open the store's directory " + filestore::quoted(base_path));
    }
    FILESTORE_TRY_ASSIGN(store.metadata, open_metadata_directory(store));
    return store;
}

std::string Store::place() const {
    return "in store " + filestore::quoted(base_path);
}

/// Asks again and again, because the kernel's own waiting could be ended neither by a deadline nor by a cancellation. Others hold the lock for a few
/// renames and flushes.
Result<FileLock> FileLock::take(const Store& store, const FileId& id, const CallOptions& limits) {
    FILESTORE_TRY_ASSIGN(Descriptor file, open_lock_file(store));
    struct ::flock lock {};
    lock.l_type = F_WRLCK;
    lock.l_whence = SEEK_SET;
    lock.l_start = lock_byte(id);
    lock.l_len = 1;
    std::chrono::milliseconds pause = shortest_lock_pause;
    while (::fcntl(file.get(), F_OFD_SETLK, &lock) != 0) {
        if (errno != EAGAIN && errno != EACCES && errno != EINTR) {
            return open_file_error(errno, "cannot lock file " + id.str() + " " + store.place());
        }
        FILESTORE_TRY(check_call_limits(limits.cancel, limits.deadline));
        std::this_thread::sleep_for(pause);
        pause = std::min(2 * pause, longest_lock_pause);
    }
    return FileLock(std::move(file));
}

Timestamp modification_time(const struct ::stat& status) {
    return Timestamp(std::chrono::seconds(status.st_mtim.tv_sec) +
                     std::chrono::duration_cast<std::chrono::microseconds>(
                         std::chrono::nanoseconds(status.st_mtim.tv_nsec)));
}

std::string sidecar_name(const FileId& id) {
    return id.str() + ".json";
}

}  // namespace filestore::local
