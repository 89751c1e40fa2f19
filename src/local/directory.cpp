#include "local/directory.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include "core/descriptor.h"

namespace filestore::local {

Result<Directory> open_directory(int descriptor, const std::string& what) {
    const int opened = ::openat(descriptor, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (opened < 0) {
        return open_file_error(errno, what);
    }
    Directory directory(::fdopendir(opened));
    if (!directory) {
        const int number = errno;
        ::close(opened);
        return open_file_error(number, what);
    }
    return directory;
}

}  // namespace filestore::local
