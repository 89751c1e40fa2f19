#include "local/directory.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include "core/descriptor.h"

namespace filestore::local {

Result<Directory> open_directory(int descriptor, const std::string& what) {
    Descriptor opened = open_at(descriptor, ".", O_RDONLY | O_DIRECTORY);
    Directory directory(opened.is_open() ? ::fdopendir(opened.get()) : nullptr);
    if (!directory) {
        return open_file_error(errno, what);
    }
    static_cast<void>(opened.release());
    return directory;
}

}  // namespace filestore::local
