#include "audit/session_lock.h"

#include <fcntl.h>

#include <cerrno>

#include "core/text.h"
#include "core/try.h"

namespace filestore {
namespace {

struct flock byte_lock(short type, std::int64_t session) {
    struct flock lock = {};
    lock.l_type = type;
    lock.l_whence = SEEK_SET;
    lock.l_start = session;
    lock.l_len = 1;
    return lock;
}

}  // namespace

Result<bool> SessionLock::take(std::int64_t session) {
    FILESTORE_TRY_ASSIGN(Descriptor file, open_file());
    struct flock lock = byte_lock(F_WRLCK, session);
    if (fcntl(file.get(), F_OFD_SETLK, &lock) != 0) {
        if (errno == EAGAIN || errno == EACCES) {
            return false;
        }
        return failure(errno, "cannot lock");
    }
    held_ = std::move(file);
    session_ = session;
    return true;
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
    std::vector<std::int64_t> dead;
    if (sessions.empty()) {
        return dead;
    }
    // A description of its own: a lock never conflicts with the description that holds it.
    FILESTORE_TRY_ASSIGN(const Descriptor file, open_file());
    for (const std::int64_t session : sessions) {
        struct flock lock = byte_lock(F_WRLCK, session);
        if (fcntl(file.get(), F_OFD_GETLK, &lock) != 0) {
            return failure(errno, "cannot examine the locks of");
        }
        if (lock.l_type == F_UNLCK) {
            dead.push_back(session);
        }
    }
    return dead;
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
