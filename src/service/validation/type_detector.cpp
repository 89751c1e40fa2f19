#include "service/validation/type_detector.h"

#include <mutex>
#include <utility>
#include <vector>

#include "core/left_out.h"
#include "core/text.h"
#include "core/try.h"

#ifdef FILESTORE_WITH_MAGIC

#include <dlfcn.h>
#include <fcntl.h>
#include <magic.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <cerrno>
#include <optional>

#include "core/descriptor.h"

namespace filestore::validation {

namespace {

/// The functions of libmagic. It is loaded here, and not with the program: few programs ask for types, and every start would wait for it and for what it needs. A resource (movable) that outlives the cookies.
class Magic {
public:
    static Result<Magic> load() {
        Magic magic(::dlopen(FILESTORE_MAGIC_LIBRARY, RTLD_NOW | RTLD_LOCAL));
        if (!magic.library_ || !magic.find(magic.open, "magic_open") ||
            !magic.find(magic.close, "magic_close") || !magic.find(magic.error, "magic_error") ||
            !magic.find(magic.load_buffers, "magic_load_buffers") ||
            !magic.find(magic.buffer, "magic_buffer")) {
            const char* reason = ::dlerror();
            return Error(ErrorCode::configuration, reason == nullptr ? "libmagic cannot be loaded" : reason);
        }
        return magic;
    }

    decltype(&::magic_open) open = nullptr;
    decltype(&::magic_close) close = nullptr;
    decltype(&::magic_error) error = nullptr;
    decltype(&::magic_load_buffers) load_buffers = nullptr;
    decltype(&::magic_buffer) buffer = nullptr;

private:
    struct Unload {
        void operator()(void* library) const noexcept { ::dlclose(library); }
    };

    explicit Magic(void* library) noexcept : library_(library) {}

    template <class Function>
    [[nodiscard]] bool find(Function& function, const char* name) noexcept {
        function = reinterpret_cast<Function>(::dlsym(library_.get(), name));
        return function != nullptr;
    }

    std::unique_ptr<void, Unload> library_;
};

struct Close {
    decltype(&::magic_close) close;
    void operator()(magic_t cookie) const noexcept { close(cookie); }
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

    [[nodiscard]] Result<Cookie> make_cookie(const Magic& magic) {
        Cookie cookie(magic.open(MAGIC_MIME_TYPE | MAGIC_ERROR), Close{magic.close});
        if (!cookie) {
            return Error(ErrorCode::no_memory);
        }
        if (magic.load_buffers(cookie.get(), &bytes_, &size_, 1) != 0) {
            const char* reason = magic.error(cookie.get());
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

    /// Once a cookie has been taken.
    [[nodiscard]] const Magic& magic() const noexcept { return *magic_; }

private:
    Result<Cookie> make() {
        if (!magic_) {
            FILESTORE_TRY_ASSIGN(Magic loaded, Magic::load());
            magic_.emplace(std::move(loaded));
        }
        if (!database_) {
            FILESTORE_TRY_ASSIGN(Database opened, Database::open(path_));
            database_.emplace(std::move(opened));
        }
        return database_->make_cookie(*magic_);
    }

    const std::string path_;
    std::mutex mutex_;
    /// These two outlive the cookies, and are set once.
    std::optional<Magic> magic_;
    std::optional<Database> database_;
    std::vector<Cookie> free_;
};

bool can_detect_types() noexcept {
    return true;
}

Result<std::string> TypeDetector::type_of(std::span<const std::byte> beginning) {
    FILESTORE_TRY_ASSIGN(Cookie cookie, cookies_->take());
    const char* type = cookies_->magic().buffer(cookie.get(), beginning.data(), beginning.size());
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
