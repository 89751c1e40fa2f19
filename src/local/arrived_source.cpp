#include "local/arrived_source.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace filestore::local {

Result<IoStep> ArrivedSource::read(std::span<std::byte> into, const Wake&) {
    const std::size_t wanted = std::min<std::uint64_t>(into.size(), upload_.offset - read_);
    ssize_t got = 0;
    do {
        got = ::pread(upload_.data.get(), into.data(), wanted, static_cast<off_t>(read_));
    } while (got < 0 && errno == EINTR);
    if (got < 0 || (got == 0 && wanted > 0)) {
        return open_file_error(got < 0 ? errno : EIO,
                               "cannot read the bytes of upload " + upload_.record.id.str());
    }
    read_ += static_cast<std::uint64_t>(got);
    return IoStep{static_cast<std::size_t>(got), false};
}

Result<void> ArrivedSource::rewind() {
    read_ = 0;
    return {};
}

FileRange ArrivedSource::rest() const noexcept {
    return {upload_.data.get(), read_, upload_.offset - read_};
}

Result<void> ArrivedSource::taken(std::uint64_t size) {
    read_ += size;
    return {};
}

Descriptor ArrivedSource::file() const noexcept {
    return Descriptor(::fcntl(upload_.data.get(), F_DUPFD_CLOEXEC, 0));
}

}  // namespace filestore::local
