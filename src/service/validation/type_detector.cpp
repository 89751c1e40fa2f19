#include "service/validation/type_detector.h"

#include <mutex>
#include <utility>
#include <vector>

#include "core/left_out.h"
#include "core/text.h"
#include "core/try.h"

#ifdef FILESTORE_WITH_MAGIC

#include <fcntl.h>
#include <magic.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <cerrno>
#include <optional>

#include "core/descriptor.h"

namespace filestore::validation {

namespace {

struct Close {
    void operator()(magic_t cookie) const noexcept { ::magic_close(cookie); }
};
using Cookie = std::unique_ptr<magic_set, Close>;

/// A compiled database in memory, shared by all cookies. A resource (movable). libmagic does not open it itself: it would take a file that it cannot read for a source of rules, print what
/// it finds wrong with that, and look into the environment for a name.
class Database {
public:
    /// A failure is errno's, in the message.
    static Result<Database> open(const std::string& path) {
        const Descriptor file = open_at(AT_FDCWD, path.c_str(), O_RDONLY);
        struct ::stat status {};
        if (!file.is_open() || ::fstat(file.get(), &status) != 0) {
            return errno_error(errno, "cannot open it");
        }
        const auto size = static_cast<std::size_t>(status.st_size);
        // Written to where its numbers have the order of another machine.
        void* bytes = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE, file.get(), 0);
        return bytes == MAP_FAILED ? Result<Database>(errno_error(errno, "cannot read it"))
                                   : Database(bytes, size);
    }

    Database(Database&& other) noexcept : bytes_(std::exchange(other.bytes_, nullptr)), size_(other.size_) {}
    Database& operator=(Database&&) = delete;
    ~Database() {
        if (bytes_ != nullptr) {
            ::munmap(bytes_, size_);
        }
    }

    [[nodiscard]] Result<Cookie> make_cookie() {
        Cookie cookie(::magic_open(MAGIC_MIME_TYPE | MAGIC_ERROR));
        if (!cookie) {
            return Error(ErrorCode::no_memory);
        }
        if (::magic_load_buffers(cookie.get(), &bytes_, &size_, 1) != 0) {
            const char* reason = ::magic_error(cookie.get());
            return Error(ErrorCode::configuration, reason == nullptr ? "it is no database" : reason);
        }
        return cookie;
    }

private:
    Database(void* bytes, std::size_t size) noexcept : bytes_(bytes), size_(size) {}

    void* bytes_;
    std::size_t size_;
};

}  // namespace

/// One cookie for each thread that asks at the same time; libmagic lets only one use it.
class TypeDetector::Cookies {
public:
    explicit Cookies(std::string path) : path_(path.empty() ? FILESTORE_MAGIC_DATABASE : std::move(path)) {}

    Result<Cookie> take() {
        const std::lock_guard lock(mutex_);
        if (!free_.empty()) {
            Cookie cookie = std::move(free_.back());
            free_.pop_back();
            return cookie;
        }
        auto made = make();
        if (!made.ok() && made.error().code() != ErrorCode::no_memory) {
            return Error(ErrorCode::configuration,
                         "the types of files are told by libmagic, whose database " + quoted(path_) +
                             " cannot be used (" + std::string(made.error().message()) +
                             "): install it, or name another by magic_database");
        }
        return made;
    }

    void give_back(Cookie cookie) {
        const std::lock_guard lock(mutex_);
        free_.push_back(std::move(cookie));
    }

private:
    Result<Cookie> make() {
        if (!database_) {
            FILESTORE_TRY_ASSIGN(Database opened, Database::open(path_));
            database_.emplace(std::move(opened));
        }
        return database_->make_cookie();
    }

    const std::string path_;
    std::mutex mutex_;
    /// Outlives the cookies.
    std::optional<Database> database_;
    std::vector<Cookie> free_;
};

bool can_detect_types() noexcept {
    return true;
}

Result<std::string> TypeDetector::type_of(std::span<const std::byte> beginning) {
    FILESTORE_TRY_ASSIGN(Cookie cookie, cookies_->take());
    const char* type = ::magic_buffer(cookie.get(), beginning.data(), beginning.size());
    std::string answer(type == nullptr ? "application/octet-stream" : type);
    cookies_->give_back(std::move(cookie));
    return answer;
}

}  // namespace filestore::validation

#else

namespace filestore::validation {

class TypeDetector::Cookies {
public:
    explicit Cookies(std::string) {}
};

bool can_detect_types() noexcept {
    return false;
}

Result<std::string> TypeDetector::type_of(std::span<const std::byte>) {
    return left_out_error("libmagic, which tells the types of files", "FILESTORE_WITH_MAGIC");
}

}  // namespace filestore::validation

#endif

namespace filestore::validation {

TypeDetector::TypeDetector(std::string database) : cookies_(std::make_unique<Cookies>(std::move(database))) {}
TypeDetector::~TypeDetector() = default;

}  // namespace filestore::validation
