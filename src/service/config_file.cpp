#include "service/config_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>

#include "core/descriptor.h"
#include "core/text.h"
#include "service/yaml_tree.h"

namespace filestore {

namespace {

Error unreadable(int number, std::string_view kind, const std::string& path) {
    const Error reason =
        errno_error(number, "cannot read " + std::string(kind) + " " + filestore::quoted(path));
    return Error(ErrorCode::configuration, std::string(reason.message()));
}

}  // namespace

Result<std::string> read_config_file(const std::string& path, std::string_view kind) {
    if (path.find('\0') != std::string::npos) {
        return unreadable(EINVAL, kind, path);
    }
    const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!file.is_open()) {
        return unreadable(errno, kind, path);
    }
    std::string text(most_yaml_bytes + 1, '\0');
    std::size_t size = 0;
    while (size < text.size()) {
        const ssize_t count = ::read(file.get(), text.data() + size, text.size() - size);
        if (count == 0) {
            break;
        }
        if (count < 0 && errno != EINTR) {
            return unreadable(errno, kind, path);
        }
        size += count > 0 ? static_cast<std::size_t>(count) : 0;
    }
    text.resize(size);
    return text;
}

}  // namespace filestore
