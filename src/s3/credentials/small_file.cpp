#include "s3/credentials/small_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <string_view>
#include <utility>

#include "core/descriptor.h"
#include "core/text.h"
#include "core/try.h"
#include "s3/credentials/keys.h"

namespace filestore::s3 {
namespace {

constexpr std::size_t most_bytes = std::size_t{1} << 20;

/// Reads until the end or until the room is full; answers the bytes read, or -1 with errno.
ssize_t fill(int file, char* room, std::size_t size) {
    std::size_t filled = 0;
    while (filled < size) {
        const ssize_t got = ::read(file, room + filled, size - filled);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            return got;
        }
        if (got == 0) {
            break;
        }
        filled += static_cast<std::size_t>(got);
    }
    return static_cast<ssize_t>(filled);
}

}  // namespace

Result<SecretString> read_small_file(const std::string& path) {
    // A pipe that nobody writes to must not hold the thread.
    const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK));
    if (!file.is_open()) {
        return errno_error(errno, "cannot open " + quoted(path));
    }
    SecretString room = std::string(most_bytes + 1, '\0');
    const ssize_t filled = fill(file.get(), room.data(), room.size());
    if (filled < 0) {
        return errno_error(errno, "cannot read " + quoted(path));
    }
    const auto size = static_cast<std::size_t>(filled);
    if (size > most_bytes) {
        return Error(ErrorCode::invalid_argument, quoted(path) + " is larger than 1 MiB");
    }
    return SecretString(std::string_view(room).substr(0, size));
}

Result<SecretString> read_token_file(const std::string& path) {
    FILESTORE_TRY_ASSIGN(const SecretString content, read_small_file(path));
    std::string_view token = content;
    while (token.ends_with('\n') || token.ends_with('\r')) {
        token.remove_suffix(1);
    }
    if (token.empty()) {
        return Error(ErrorCode::invalid_argument, quoted(path) + " holds no token");
    }
    if (!is_header_value(token)) {
        return Error(ErrorCode::invalid_argument,
                     quoted(path) +
                         " holds a line break or a byte that is not ASCII in its token, or a "
                         "blank at its end");
    }
    return SecretString(token);
}

}  // namespace filestore::s3
