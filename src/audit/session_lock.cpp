#include "audit/session_lock.h"

#include <fcntl.h>

#include <cerrno>

#include "core/text.h"
#include "core/try.h"

namespace filestore {
namespace {

/// Of the copies' bytes: no session has so high a number.
constexpr std::int64_t first_copy = std::int64_t{1} << 40U;

/// A damaged row may have any number.
std::int64_t byte_of_copy(std::int64_t number) noexcept {
    return first_copy + (number & (first_copy - 1));
}

struct flock byte_lock(short type, std::int64_t byte) {
    struct flock lock = {};
    lock.l_type = type;
    lock.l_whence = SEEK_SET;
    lock.l_start = byte;
    lock.l_len = 1;
    return lock;
}

}  // namespace

/// Closing alone would leave the lock to a forked child that has the description too.
CopyInWork::~CopyInWork() {
    if (file_.is_open()) {
        struct flock lock = byte_lock(F_UNLCK, byte_of_copy(number_));
        fcntl(file_.get(), F_OFD_SETLK, &lock);
    }
}

Result<bool> SessionLock::take(std::int64_t session) {
    FILESTORE_TRY_ASSIGN(Descriptor file, open_file());
    FILESTORE_TRY_ASSIGN(const bool is_ours, lock_byte(file, session));
    if (is_ours) {
        held_ = std::move(file);
        session_ = session;
    }
    return is_ours;
}

Result<std::optional<CopyInWork>> SessionLock::hold_copy(std::int64_t number) const {
    FILESTORE_TRY_ASSIGN(Descriptor file, open_file());
    FILESTORE_TRY_ASSIGN(const bool is_ours, lock_byte(file, byte_of_copy(number)));
    return is_ours ? std::optional(CopyInWork(number, std::move(file))) : std::nullopt;
}

Result<bool> SessionLock::lock_byte(const Descriptor& file, std::int64_t byte) const {
    struct flock lock = byte_lock(F_WRLCK, byte);
    if (fcntl(file.get(), F_OFD_SETLK, &lock) == 0) {
        return true;
    }
    return errno == EAGAIN || errno == EACCES ? Result<bool>(false) : failure(errno, "cannot lock");
}

void SessionLock::release() noexcept {
    if (!held_.is_open()) {
        return;
    }
    // Closing alone would leave the lock to a forked child that has the description too.
    struct flock lock = byte_lock(F_UNLCK, session_);
    fcntl(held_.get(), F_OFD_SETLK, &lock);
    held_ = Descriptor();
}

Result<std::vector<std::int64_t>> SessionLock::dead_among(const std::vector<std::int64_t>& sessions) const {
    return free_among(sessions, [](std::int64_t session) { return session; });
}

Result<std::vector<std::int64_t>> SessionLock::idle_among(const std::vector<std::int64_t>& copies) const {
    return free_among(copies, byte_of_copy);
}

template <class ByteOf>
Result<std::vector<std::int64_t>> SessionLock::free_among(const std::vector<std::int64_t>& numbers,
                                                          ByteOf byte_of) const {
    std::vector<std::int64_t> free;
    if (numbers.empty()) {
        return free;
    }
    // A description of its own: a lock never conflicts with the description that holds it.
    FILESTORE_TRY_ASSIGN(const Descriptor file, open_file());
    for (const std::int64_t number : numbers) {
        struct flock lock = byte_lock(F_WRLCK, byte_of(number));
        if (fcntl(file.get(), F_OFD_GETLK, &lock) != 0) {
            return failure(errno, "cannot examine the locks of");
        }
        if (lock.l_type == F_UNLCK) {
            free.push_back(number);
        }
    }
    return free;
}

Result<Descriptor> SessionLock::open_file() const {
    const int number = ::open(path_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (number < 0) {
        return failure(errno, "cannot open");
    }
    return Descriptor(number);
}

Error SessionLock::failure(int number, const char* what) const {
    return open_file_error(number,
                           std::string(what) + " the catalogue's session file " + filestore::quoted(path_));
}

}  // namespace filestore
