#include "core/descriptor_stream.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "core/broken_pipe_signal.h"
#include "core/descriptor.h"
#include "core/file_size_signal.h"
#include "core/file_stream.h"
#include "core/stream_calls.h"
#include "core/text.h"
#include "core/try.h"

namespace filestore {

namespace {

bool is_ready(int descriptor, short events) {
    pollfd polled{descriptor, events, 0};
    return ::poll(&polled, 1, 0) != 0;
}

Error stream_error(ErrorCode code, int number, const std::string& what) {
    return {code, std::string(errno_error(number, what).message())};
}

/// A regular file, from an offset to the end that it has when it is opened.
class FileSource final : public FileBackedSource {
public:
    FileSource(Descriptor owned, int descriptor, std::string name, const struct ::stat& status,
               std::uint64_t start)
        : owned_(std::move(owned)),
          descriptor_(descriptor),
          name_(std::move(name)),
          modified_(status.st_mtim),
          size_then_(status.st_size),
          start_(start),
          end_(std::max(start, static_cast<std::uint64_t>(status.st_size))),
          position_(start) {}

    Result<IoStep> read(std::span<std::byte> into, const Wake&) override {
        const std::uint64_t left = end_ - position_;
        const auto wanted = static_cast<std::size_t>(std::min<std::uint64_t>(left, into.size()));
        if (wanted == 0) {
            return at_end();
        }
        ssize_t got = 0;
        do {
            got = ::pread(descriptor_, into.data(), wanted, static_cast<off_t>(position_));
        } while (got < 0 && errno == EINTR);
        if (got < 0) {
            return stream_error(ErrorCode::source_failed, errno, "cannot read " + name_);
        }
        if (got == 0) {
            return changed();
        }
        FILESTORE_TRY(taken(static_cast<std::uint64_t>(got)));
        return IoStep{static_cast<std::size_t>(got), false};
    }

    FileRange rest() const noexcept override { return {descriptor_, position_, end_ - position_}; }

    Result<void> taken(std::uint64_t size) override {
        position_ += size;
        if (position_ == end_ && has_changed()) {
            return changed();
        }
        return {};
    }

    std::optional<std::uint64_t> size() const noexcept override { return end_ - start_; }
    bool can_rewind() const noexcept override { return true; }
    Result<void> rewind() override {
        position_ = start_;
        return {};
    }
    bool blocking() const noexcept override { return true; }

private:
    /// The end; of a file that had no bytes, it is looked at here whether that is still so.
    Result<IoStep> at_end() const {
        std::byte extra{};
        if (start_ == end_ &&
            (has_changed() || ::pread(descriptor_, &extra, 1, static_cast<off_t>(end_)) != 0)) {
            return changed();
        }
        return IoStep{};
    }

    Error changed() const {
        return {ErrorCode::source_failed, name_ + " changed while it was read: upload it again"};
    }

    /// Asked before the last bytes are handed out, so that a changed file is never published.
    bool has_changed() const {
        struct ::stat now {};
        return ::fstat(descriptor_, &now) != 0 || now.st_size != size_then_ ||
               now.st_mtim.tv_sec != modified_.tv_sec || now.st_mtim.tv_nsec != modified_.tv_nsec;
    }

    Descriptor owned_;
    int descriptor_;
    std::string name_;
    timespec modified_;
    off_t size_then_;
    std::uint64_t start_;
    std::uint64_t end_;
    std::uint64_t position_;
};

/// A pipe, socket, terminal or device: read when poll says that it will not wait.
class PolledSource final : public Source {
public:
    PolledSource(Descriptor owned, int descriptor, std::string name)
        : owned_(std::move(owned)), descriptor_(descriptor), name_(std::move(name)) {}

    Result<IoStep> read(std::span<std::byte> into, const Wake& wake) override {
        while (is_ready(descriptor_, POLLIN)) {
            const ssize_t got = ::read(descriptor_, into.data(), into.size());
            if (got >= 0) {
                return IoStep{static_cast<std::size_t>(got), false};
            }
            if (errno == EAGAIN) {
                break;
            }
            if (errno != EINTR) {
                return stream_error(ErrorCode::source_failed, errno, "cannot read " + name_);
            }
        }
        wake.when_readable(descriptor_);
        return IoStep{0, true};
    }

private:
    Descriptor owned_;
    int descriptor_;
    std::string name_;
};

class FileSink final : public DescriptorSink {
public:
    FileSink(int descriptor, std::string name) : descriptor_(descriptor), name_(std::move(name)) {}

    Result<std::optional<IoStep>> take_from(const FileRange& range, const Wake&) override {
        return step_of_copy(copy_between_files(range, descriptor_));
    }

    Result<IoStep> write(std::span<const std::byte> bytes, const Wake&) override {
        const FileSizeSignalBlock block;
        ssize_t written = 0;
        do {
            written = ::write(descriptor_, bytes.data(), bytes.size());
        } while (written < 0 && errno == EINTR);
        if (written < 0) {
            return errno_error(block.failed_with(errno), "cannot write " + name_);
        }
        return IoStep{static_cast<std::size_t>(written), false};
    }
    bool blocking() const noexcept override { return true; }

private:
    int descriptor_;
    std::string name_;
};

/// Pipes take at least this much without waiting when poll says that they are writable (pipe(7), PIPE_BUF).
constexpr std::size_t pipe_room = 4096;

class PolledSink final : public DescriptorSink {
public:
    PolledSink(Descriptor owned, int descriptor, mode_t kind, std::string name)
        : owned_(std::move(owned)),
          descriptor_(descriptor),
          is_socket_(S_ISSOCK(kind)),
          is_pipe_(S_ISFIFO(kind)),
          name_(std::move(name)) {}

    /// To pipes, and to sockets that do not block: of others nothing keeps sendfile() from waiting.
    Result<std::optional<IoStep>> take_from(const FileRange& range, const Wake& wake) override {
        if (!is_pipe_ && !is_socket_that_does_not_block()) {
            return std::optional<IoStep>();
        }
        while (is_ready(descriptor_, POLLOUT)) {
            const ssize_t moved = move_some(range);
            if (moved > 0) {
                return std::optional(IoStep{static_cast<std::size_t>(moved), false});
            }
            if (moved == 0 || (errno != EINTR && errno != EAGAIN)) {
                return std::optional<IoStep>();
            }
            if (errno == EAGAIN) {
                break;
            }
        }
        wake.when_writable(descriptor_);
        return std::optional(IoStep{0, true});
    }

    Result<IoStep> write(std::span<const std::byte> bytes, const Wake& wake) override {
        while (is_ready(descriptor_, POLLOUT)) {
            const ssize_t written = write_some(bytes);
            if (written >= 0) {
                return IoStep{static_cast<std::size_t>(written), false};
            }
            if (errno == EAGAIN) {
                break;
            }
            if (errno != EINTR) {
                return stream_error(ErrorCode::sink_failed, errno, "cannot write " + name_);
            }
        }
        wake.when_writable(descriptor_);
        return IoStep{0, true};
    }

private:
    bool is_socket_that_does_not_block() const {
        return is_socket_ && (::fcntl(descriptor_, F_GETFL) & O_NONBLOCK) != 0;
    }

    ssize_t move_some(const FileRange& range) const {
        const auto most = static_cast<std::size_t>(std::min(range.size, kernel_copy_size));
        auto offset = static_cast<off_t>(range.offset);
        const BrokenPipeSignalBlock block;
        return is_pipe_ ? ::splice(range.descriptor, &offset, descriptor_, nullptr, most, SPLICE_F_NONBLOCK)
                        : ::sendfile(descriptor_, range.descriptor, &offset, most);
    }

    ssize_t write_some(std::span<const std::byte> bytes) const {
        if (is_socket_) {
            return ::send(descriptor_, bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
        }
        const BrokenPipeSignalBlock block;
        return ::write(descriptor_, bytes.data(), std::min(bytes.size(), pipe_room));
    }

    Descriptor owned_;
    int descriptor_;
    bool is_socket_;
    bool is_pipe_;
    std::string name_;
};

/// A file that was just opened is at its start, which it need not be asked for.
Result<std::shared_ptr<Source>> make_source(Descriptor owned, int descriptor, const std::string& name,
                                            bool is_at_start) {
    struct ::stat status {};
    if (::fstat(descriptor, &status) != 0) {
        return errno_error(errno, "cannot use " + name);
    }
    if (S_ISDIR(status.st_mode)) {
        return Error(ErrorCode::invalid_argument, name + " is a directory: give a file");
    }
    if (!S_ISREG(status.st_mode)) {
        return std::shared_ptr<Source>(std::make_shared<PolledSource>(std::move(owned), descriptor, name));
    }
    const off_t start = is_at_start ? 0 : ::lseek(descriptor, 0, SEEK_CUR);
    if (start < 0) {
        return errno_error(errno, "cannot use " + name);
    }
    return std::shared_ptr<Source>(std::make_shared<FileSource>(std::move(owned), descriptor, name, status,
                                                                static_cast<std::uint64_t>(start)));
}

}  // namespace

Result<std::shared_ptr<Source>> source_from_descriptor(int descriptor) {
    return make_source(Descriptor(), descriptor, "descriptor " + std::to_string(descriptor), false);
}

Result<std::shared_ptr<Source>> source_from_path(const std::string& path) {
    Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY));
    if (!file.is_open()) {
        return errno_error(errno, "cannot open " + quoted(path));
    }
    const int descriptor = file.get();
    return make_source(std::move(file), descriptor, quoted(path), true);
}

Result<std::shared_ptr<Source>> make_descriptor_source(Descriptor owned, const std::string& name) {
    const int descriptor = owned.get();
    return make_source(std::move(owned), descriptor, name, false);
}

Result<std::shared_ptr<Sink>> make_descriptor_sink(Descriptor owned, int descriptor,
                                                   const std::string& name) {
    struct ::stat status {};
    if (::fstat(descriptor, &status) != 0) {
        return errno_error(errno, "cannot use " + name);
    }
    if (S_ISREG(status.st_mode)) {
        return std::shared_ptr<Sink>(std::make_shared<FileSink>(descriptor, name));
    }
    return std::shared_ptr<Sink>(
        std::make_shared<PolledSink>(std::move(owned), descriptor, status.st_mode, name));
}

Result<std::shared_ptr<Sink>> sink_to_descriptor(int descriptor) {
    return make_descriptor_sink(Descriptor(), descriptor, "descriptor " + std::to_string(descriptor));
}

}  // namespace filestore
