#include "local/store.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <filesystem>
#include <mutex>
#include <thread>
#include <vector>

#include "core/call_limits.h"
#include "core/staged_file.h"
#include "core/text.h"
#include "core/try.h"
#include "local/directory.h"
#include "local/paths.h"
#include "local/recovery.h"

namespace filestore::local {

namespace {

constexpr std::chrono::milliseconds shortest_lock_pause{1};
constexpr std::chrono::milliseconds longest_lock_pause{20};
constexpr int attempts_to_agree = 250;

/// A store that cannot be opened says nothing about its files, so this is never `not_found`.
Error opening_error(int number, const std::string& what) {
    return place_error(number, what, "check base_path");
}

Error making_error(int number, const std::filesystem::path& path) {
    return opening_error(number, "cannot make directory " + filestore::quoted(path.native()));
}

bool is_on_tmpfs(const Descriptor& directory) {
    struct ::statfs system {};
    return ::fstatfs(directory.get(), &system) == 0 && system.f_type == TMPFS_MAGIC;
}

Result<void> check_modes(const Modes& modes) {
    const auto is_between = [](unsigned mode, unsigned least, unsigned most) {
        return (mode & least) == least && (mode & ~most) == 0;
    };
    if (!is_between(modes.file, 0600, 0666) || !is_between(modes.directory, 0700, 02777)) {
        return Error(ErrorCode::invalid_argument,
                     "file_mode must be 0600 to 0666, and directory_mode 0700 to 0777 or 02700 to 02777");
    }
    return {};
}

/// Without it a power loss could take the new directory away, and with it all that was flushed into it.
Result<void> flush_name(int directory, Durability durability, const std::string& made) {
    if (durability == Durability::none) {
        return {};
    }
    return flush_to_disk(directory, "cannot flush the directory above " + made);
}

Result<void> flush_name_of(const std::filesystem::path& made, Durability durability) {
    const std::filesystem::path parent = made.has_parent_path() ? made.parent_path() : ".";
    const Descriptor directory = open_at(AT_FDCWD, parent.c_str(), O_RDONLY | O_DIRECTORY);
    if (!directory.is_open()) {
        return opening_error(errno, "cannot open directory " + filestore::quoted(parent.native()));
    }
    return flush_name(directory.get(), durability, "directory " + filestore::quoted(made.native()));
}

/// Makes a directory and the missing ones above it.
Result<void> make_directories(const std::filesystem::path& path, Durability durability, unsigned mode) {
    int made = ::mkdir(path.c_str(), mode);
    const std::filesystem::path parent = path.parent_path();
    if (made != 0 && errno == ENOENT && !parent.empty() && parent != path) {
        FILESTORE_TRY(make_directories(parent, durability, mode));
        made = ::mkdir(path.c_str(), mode);
    }
    if (made == 0) {
        // The umask took from a mode that lets others in.
        if ((mode & 0077U) != 0 && ::chmod(path.c_str(), mode) != 0) {
            return making_error(errno, path);
        }
        return flush_name_of(path, durability);
    }
    return errno == EEXIST ? Result<void>() : making_error(errno, path);
}

/// The umask takes from a mode that lets others in, so such a mode is set once more.
Result<void> let_others_in(int descriptor, unsigned mode, const std::string& what) {
    if ((mode & 0077U) == 0 || ::fchmod(descriptor, mode) == 0) {
        return {};
    }
    return open_file_error(errno, "cannot set the mode of " + what);
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

Result<void> make_lock_file(const Store& store, int above) {
    const Descriptor file = open_at(above, "lock", O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW, store.modes.file);
    if (file.is_open()) {
        return let_others_in(file.get(), store.modes.file, "the lock file " + store.place());
    }
    return errno == EEXIST ? Result<void>()
                           : open_file_error(errno, "cannot make the lock file " + store.place());
}

/// Nothing tells yet what layout it has: no directory of ours is there, and no file.
Result<bool> is_new(const Store& store) {
    if (::faccessat(store.base.get(), "metadata", F_OK, AT_SYMLINK_NOFOLLOW) == 0) {
        return false;
    }
    FILESTORE_TRY_ASSIGN(const Directory names,
                         open_directory(store.base.get(), "cannot look " + store.place()));
    errno = 0;
    while (const dirent* entry = ::readdir(names.get())) {
        if (FileId::parse(entry->d_name).ok()) {
            return false;
        }
        errno = 0;
    }
    return errno == 0 ? Result<bool>(true) : open_file_error(errno, "cannot look " + store.place());
}

Result<Descriptor> open_or_make_directory(const Store& store, int above, const char* name) {
    const std::string what = "directory '" + std::string(name) + "' " + store.place();
    const bool made = ::mkdirat(above, name, store.modes.directory) == 0;
    if (!made && errno != EEXIST) {
        return opening_error(errno, "cannot make " + what);
    }
    Descriptor directory = open_beneath(above, name, O_RDONLY | O_DIRECTORY);
    if (!directory.is_open()) {
        return opening_error(errno, "cannot open " + what);
    }
    if (made) {
        FILESTORE_TRY(let_others_in(directory.get(), store.modes.directory, what));
        FILESTORE_TRY(flush_name(above, store.durability, what));
    }
    return directory;
}

Error another_layout(const Store& store, LocalLayout wanted) {
    const std::string is(to_string(store.layout.current));
    const std::string state = store.layout.before ? "is being converted to " + is : "is " + is;
    return {ErrorCode::configuration, "the layout " + store.place() + " " + state + ", not " +
                                          std::string(to_string(wanted)) +
                                          ": leave the option out, or run filestore convert --layout " +
                                          std::string(to_string(wanted))};
}

}  // namespace

/// Is made when something is written first, and its number never changes from then on.
struct Store::Staging {
    std::mutex mutex;
    Descriptor directory;
};

/// Open lock files that nobody holds a lock by: each lock needs one of its own.
class Store::LockFiles {
public:
    /// Not open where there is none. One that was removed meanwhile would keep nobody away.
    Descriptor take() noexcept {
        const std::scoped_lock guard(mutex_);
        while (!idle_.empty()) {
            Descriptor file = std::move(idle_.back());
            idle_.pop_back();
            struct ::stat status {};
            if (::fstat(file.get(), &status) == 0 && status.st_nlink > 0) {
                return file;
            }
        }
        return {};
    }

    void give_back(Descriptor file) noexcept {
        const std::scoped_lock guard(mutex_);
        if (idle_.size() < idle_.capacity()) {
            idle_.push_back(std::move(file));
        }
    }

    LockFiles() { idle_.reserve(most_idle); }

private:
    static constexpr std::size_t most_idle = 16;

    std::mutex mutex_;
    std::vector<Descriptor> idle_;
};

/// Random ones would cost a system call each. A store is used in one process only: a forked child has to open one of its own.
struct Store::Versions {
    std::string of_this_store;
    std::atomic<std::uint64_t> given{0};
};

Store::Store()
    : staging_(std::make_unique<Staging>()),
      lock_files_(std::make_unique<LockFiles>()),
      versions_(std::make_unique<Versions>()) {}
Store::Store(Store&&) noexcept = default;
Store& Store::operator=(Store&&) noexcept = default;
Store::~Store() = default;

Result<Store> Store::open(const std::string& base_path, Durability durability, Modes modes,
                          std::optional<LocalLayout> wanted) {
    if (base_path.empty() || base_path.find('\0') != std::string::npos) {
        return Error(ErrorCode::invalid_argument,
                     "base_path " + filestore::quoted(base_path) + " names no directory");
    }
    FILESTORE_TRY(check_modes(modes));
    std::filesystem::path path(base_path);
    if (!path.has_filename()) {
        path = path.parent_path();
    }
    FILESTORE_TRY(make_directories(path, durability, modes.directory));
    Store store;
    store.base_path = base_path;
    store.durability = durability;
    store.modes = modes;
    store.base = open_at(AT_FDCWD, base_path.c_str(), O_RDONLY | O_DIRECTORY);
    if (!store.base.is_open()) {
        return opening_error(errno, "cannot open the store's directory " + filestore::quoted(base_path));
    }
    FILESTORE_TRY_ASSIGN(const FileId random, FileId::generate());
    store.versions_->of_this_store = random.str();
    FILESTORE_TRY(store.agree_on_layout(wanted));
    FILESTORE_TRY_ASSIGN(store.metadata, open_or_make_directory(store, store.base.get(), "metadata"));
    store.is_in_memory = is_on_tmpfs(store.base) && is_on_tmpfs(store.metadata);
    FILESTORE_TRY(recover(store));
    return store;
}

/// Of several processes that make a store at once, one decides.
Result<void> Store::agree_on_layout(std::optional<LocalLayout> wanted) {
    for (int attempt = 0; attempt < attempts_to_agree; ++attempt) {
        FILESTORE_TRY(share_layout(base.get(), place()));
        FILESTORE_TRY_ASSIGN(const std::optional<Layout> recorded, read_layout(base.get(), place()));
        layout = recorded.value_or(Layout());
        if (!wanted || layout.current == *wanted) {
            return {};
        }
        FILESTORE_TRY_ASSIGN(const bool is_open_to_choice, recorded ? Result<bool>(false) : is_new(*this));
        if (!is_open_to_choice) {
            return another_layout(*this, *wanted);
        }
        FILESTORE_TRY_ASSIGN(const bool alone, take_layout_alone(base.get(), place()));
        if (alone) {
            FILESTORE_TRY(make_layout(*wanted));
        } else {
            std::this_thread::sleep_for(longest_lock_pause);
        }
    }
    return Error(ErrorCode::conflict, "others are making the store " + place() + ": try again");
}

/// The lock is held alone now: somebody else may have chosen before it was.
Result<void> Store::make_layout(LocalLayout wanted) const {
    FILESTORE_TRY_ASSIGN(const std::optional<Layout> recorded, read_layout(base.get(), place()));
    FILESTORE_TRY_ASSIGN(const bool is_open_to_choice, recorded ? Result<bool>(false) : is_new(*this));
    return is_open_to_choice ? write_layout(*this, {wanted}) : Result<void>();
}

std::string Store::place() const {
    return "in store " + filestore::quoted(base_path);
}

std::string Store::new_version() const {
    return versions_->of_this_store + "-" + std::to_string(++versions_->given);
}

Result<Descriptor> open_or_make_again(const Store& store, int above, const char* name) {
    auto directory = open_or_make_directory(store, above, name);
    if (!directory.ok() && directory.error().code() == ErrorCode::configuration) {
        return Error(ErrorCode::io, std::string(directory.error().message()));
    }
    return directory;
}

Result<Descriptor> Store::make_staging() const {
    FILESTORE_TRY_ASSIGN(const Descriptor own, open_or_make_again(*this, base.get(), own_directory));
    FILESTORE_TRY(make_lock_file(*this, own.get()));
    return open_or_make_again(*this, own.get(), "staging");
}

Result<int> Store::staging() const {
    FILESTORE_TRY_ASSIGN(const std::optional<int> there, staging_if_there());
    if (there) {
        return *there;
    }
    FILESTORE_TRY_ASSIGN(const Descriptor made, make_staging());
    FILESTORE_TRY_ASSIGN(const std::optional<int> opened, staging_if_there());
    return opened ? Result<int>(*opened)
                  : Error(ErrorCode::io, "directory '.filestore/staging' was removed " + place());
}

Result<std::optional<int>> Store::staging_if_there() const {
    const std::scoped_lock guard(staging_->mutex);
    if (!staging_->directory.is_open()) {
        Descriptor directory = open_beneath(base.get(), ".filestore/staging", O_RDONLY | O_DIRECTORY);
        if (!directory.is_open() && errno == ENOENT) {
            return std::optional<int>();
        }
        if (!directory.is_open()) {
            return open_file_error(errno, "cannot open directory '.filestore/staging' " + place());
        }
        staging_->directory = std::move(directory);
    }
    return std::optional<int>(staging_->directory.get());
}

bool Store::renew_staging() const {
    const std::scoped_lock guard(staging_->mutex);
    struct ::stat status {};
    if (!staging_->directory.is_open() || ::fstat(staging_->directory.get(), &status) != 0 ||
        status.st_nlink > 0) {
        return false;
    }
    const auto made = make_staging();
    return made.ok() && ::dup3(made->get(), staging_->directory.get(), O_CLOEXEC) >= 0;
}

Result<FileLock> FileLock::prepare(const Store& store, const FileId& id) {
    const auto open_it = [&] {
        return open_beneath(store.base.get(), ".filestore/lock", O_RDWR | O_NONBLOCK);
    };
    Descriptor file = store.lock_files_->take();
    if (!file.is_open()) {
        file = open_it();
    }
    if (!file.is_open() && errno == ENOENT) {
        FILESTORE_TRY_ASSIGN(const Descriptor own,
                             open_or_make_again(store, store.base.get(), own_directory));
        FILESTORE_TRY(make_lock_file(store, own.get()));
        file = open_it();
    }
    if (!file.is_open()) {
        return open_file_error(errno, "cannot open the lock file " + store.place());
    }
    return FileLock(store, std::move(file), lock_byte(id));
}

bool FileLock::set(short type) noexcept {
    struct ::flock lock {};
    lock.l_type = type;
    lock.l_whence = SEEK_SET;
    lock.l_start = byte_;
    lock.l_len = 1;
    return ::fcntl(file_.get(), F_OFD_SETLK, &lock) == 0;
}

/// Asks again and again, because the kernel's own waiting could be ended neither by a deadline nor by a cancellation. Others hold the lock for a few
/// renames and flushes.
Result<FileLock> FileLock::take(const Store& store, const FileId& id, const CallOptions& limits) {
    FILESTORE_TRY_ASSIGN(FileLock lock, prepare(store, id));
    std::chrono::milliseconds pause = shortest_lock_pause;
    while (!lock.set(F_WRLCK)) {
        if (errno != EAGAIN && errno != EACCES && errno != EINTR) {
            return open_file_error(errno, "cannot lock file " + id.str() + " " + store.place());
        }
        FILESTORE_TRY(check_call_limits(limits.cancel, limits.deadline));
        std::this_thread::sleep_for(pause);
        pause = std::min(2 * pause, longest_lock_pause);
    }
    return lock;
}

Result<std::optional<FileLock>> FileLock::try_take(const Store& store, const FileId& id) {
    FILESTORE_TRY_ASSIGN(FileLock lock, prepare(store, id));
    if (!lock.set(F_WRLCK)) {
        return std::optional<FileLock>();
    }
    return std::optional<FileLock>(std::move(lock));
}

FileLock::~FileLock() {
    if (file_.is_open()) {
        // Closing alone would leave the lock to a forked child that has the description too.
        const int kept = errno;
        if (set(F_UNLCK)) {
            store_->lock_files_->give_back(std::move(file_));
        }
        errno = kept;
    }
}

Timestamp modification_time(const struct ::stat& status) {
    return Timestamp(std::chrono::seconds(status.st_mtim.tv_sec) +
                     std::chrono::duration_cast<std::chrono::microseconds>(
                         std::chrono::nanoseconds(status.st_mtim.tv_nsec)));
}

}  // namespace filestore::local
