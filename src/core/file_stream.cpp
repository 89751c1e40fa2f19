#include "core/file_stream.h"

#include <linux/fs.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "core/file_size_signal.h"

namespace filestore {

std::uint64_t copy_between_files(const FileRange& range, int to) noexcept {
    const FileSizeSignalBlock block;
    const auto most = static_cast<std::size_t>(std::min(range.size, kernel_copy_size));
    auto offset = static_cast<off_t>(range.offset);
    ssize_t copied = 0;
    do {
        copied = ::copy_file_range(range.descriptor, &offset, to, nullptr, most, 0);
    } while (copied < 0 && errno == EINTR);
    if (copied < 0) {
        static_cast<void>(block.failed_with(errno));
        return 0;
    }
    return static_cast<std::uint64_t>(copied);
}

std::optional<IoStep> step_of_copy(std::uint64_t copied) noexcept {
    return copied > 0 ? std::optional(IoStep{static_cast<std::size_t>(copied), false}) : std::nullopt;
}

bool clone_into_empty(const FileRange& range, int to) noexcept {
    const FileSizeSignalBlock block;
    file_clone_range clone{};
    clone.src_fd = range.descriptor;
    clone.src_offset = range.offset;
    clone.src_length = range.size;
    int outcome = 0;
    do {
        outcome = ::ioctl(to, FICLONERANGE, &clone);
    } while (outcome != 0 && errno == EINTR);
    if (outcome != 0) {
        static_cast<void>(block.failed_with(errno));
    }
    return outcome == 0;
}

}  // namespace filestore
