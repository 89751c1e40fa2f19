#include "service/validation/type_detector.h"

#include <mutex>
#include <utility>
#include <vector>

#include "core/text.h"
#include "core/try.h"

#ifdef FILESTORE_WITH_MAGIC

#include <magic.h>

namespace filestore::validation {

namespace {

struct Close {
    void operator()(magic_t cookie) const noexcept { ::magic_close(cookie); }
};
using Cookie = std::unique_ptr<magic_set, Close>;

}  // namespace

/// One cookie for each thread that asks at the same time; libmagic lets only one use it.
class TypeDetector::Cookies {
public:
    explicit Cookies(std::string database)
        : database_(database.empty() ? FILESTORE_MAGIC_DATABASE : std::move(database)) {}

    Result<Cookie> take() {
        {
            const std::lock_guard lock(mutex_);
            if (!free_.empty()) {
                Cookie cookie = std::move(free_.back());
                free_.pop_back();
                return cookie;
            }
        }
        Cookie cookie(::magic_open(MAGIC_MIME_TYPE | MAGIC_ERROR));
        if (!cookie) {
            return Error(ErrorCode::no_memory);
        }
        // Without a name libmagic would look into the environment for one.
        if (::magic_load(cookie.get(), database_.c_str()) != 0) {
            const char* reason = ::magic_error(cookie.get());
            return Error(ErrorCode::configuration,
                         "the types of files are told by libmagic, whose database " + quoted(database_) +
                             " cannot be read (" + (reason == nullptr ? "no reason given" : reason) +
                             "): install it, or name another by magic_database");
        }
        return cookie;
    }

    void give_back(Cookie cookie) {
        const std::lock_guard lock(mutex_);
        free_.push_back(std::move(cookie));
    }

private:
    const std::string database_;
    std::mutex mutex_;
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
    return Error(ErrorCode::configuration,
                 "this filestore was built without libmagic, which tells the types of files");
}

}  // namespace filestore::validation

#endif

namespace filestore::validation {

TypeDetector::TypeDetector(std::string database) : cookies_(std::make_unique<Cookies>(std::move(database))) {}
TypeDetector::~TypeDetector() = default;

}  // namespace filestore::validation
