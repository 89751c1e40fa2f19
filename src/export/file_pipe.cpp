#include "export/file_pipe.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/uio.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "core/stream_calls.h"
#include "core/try.h"

namespace filestore {

namespace {

/// Read and sent while the processor still has them close by.
constexpr std::size_t most_at_once = std::size_t{128} << 10U;

/// Files of tmpfs never have to be waited for, but know no RWF_NOWAIT.
bool is_in_memory(int descriptor) noexcept {
    struct statfs about {};
    return ::fstatfs(descriptor, &about) == 0 && about.f_type == TMPFS_MAGIC;
}

void wake(std::optional<Wake>& waiting, std::unique_lock<std::mutex>& lock) {
    const auto woken = std::exchange(waiting, std::nullopt);
    lock.unlock();
    if (woken) {
        (*woken)();
    }
}

std::size_t give(const std::string& text, std::size_t& given, std::span<std::byte> into) {
    const auto left = std::as_bytes(std::span(text)).subspan(given);
    const std::size_t count = std::min(left.size(), into.size());
    std::copy_n(left.begin(), count, into.begin());
    given += count;
    return count;
}

}  // namespace

FilePipe::FilePipe(std::uint64_t length, std::uint64_t passed_over,
                   std::function<void(std::uint64_t)> on_given)
    : length_(length), passed_over_(passed_over), on_given_(std::move(on_given)), position_(passed_over) {}

Result<IoStep> FilePipe::write(std::span<const std::byte> bytes, const Wake& waker) {
    std::unique_lock lock(mutex_);
    if (is_closed_) {
        return Error(ErrorCode::cancelled);
    }
    if (bytes.size() > length_ - written_) {
        return Error(ErrorCode::conflict, "the file became longer while it was sent");
    }
    if (written_ < passed_over_) {
        const auto passed = std::min<std::uint64_t>(bytes.size(), passed_over_ - written_);
        written_ += passed;
        begun_.notify_all();
        return IoStep{static_cast<std::size_t>(passed), false};
    }
    std::size_t taken = 0;
    while (taken < bytes.size() && has_room()) {
        const auto free = room();
        const std::size_t fits = std::min(bytes.size() - taken, free.size());
        std::copy_n(bytes.begin() + static_cast<std::ptrdiff_t>(taken), fits, free.begin());
        count_ += fits;
        taken += fits;
    }
    if (taken == 0) {
        writer_.emplace(waker);
        return IoStep{0, true};
    }
    written_ += taken;
    if (readable() > 0) {
        wake(reader_, lock);
    }
    return IoStep{taken, false};
}

bool FilePipe::has_room() const noexcept {
    return buffer_.empty() || count_ < buffer_.size();
}

/// The buffer is made for what still comes, which is the last byte where the reader has read all others.
std::span<std::byte> FilePipe::room() {
    if (buffer_.empty()) {
        const std::uint64_t useful = std::max<std::uint64_t>(length_ - written_, 1);
        buffer_.resize(static_cast<std::size_t>(std::min<std::uint64_t>(capacity, useful)));
    }
    const std::size_t end = (begin_ + count_) % buffer_.size();
    return std::span(buffer_).subspan(end, std::min(buffer_.size() - count_, buffer_.size() - end));
}

Result<std::optional<IoStep>> FilePipe::take_from(const FileRange& range, const Wake& waker) {
    std::unique_lock lock(mutex_);
    if (is_closed_) {
        return Error(ErrorCode::cancelled);
    }
    if (!file_.is_open()) {
        if (!keep_file(range)) {
            return std::optional<IoStep>();
        }
        // It may have been waiting for the first bytes.
        wake(reader_, lock);
        lock.lock();
    }
    if (needs_download() && has_room()) {
        FILESTORE_TRY(fill(lock));
    }
    const auto news = static_cast<std::size_t>(written_ - told_);
    if (news == 0) {
        writer_.emplace(waker);
        return std::optional(IoStep{0, true});
    }
    told_ = written_;
    if (readable() > 0) {
        wake(reader_, lock);
    }
    return std::optional(IoStep{news, false});
}

bool FilePipe::keep_file(const FileRange& range) noexcept {
    file_ = Descriptor(::fcntl(range.descriptor, F_DUPFD_CLOEXEC, 0));
    no_waiting_ = is_in_memory(file_.get()) ? 0 : RWF_NOWAIT;
    begin_in_file_ = range.offset - written_;
    told_ = written_;
    written_ = std::max(written_, passed_over_);
    begun_.notify_all();
    is_read_by_reader_ = file_.is_open();
    return file_.is_open();
}

Result<void> FilePipe::fill(std::unique_lock<std::mutex>& lock) {
    const std::uint64_t left = length_ - written_;
    const auto into = room();
    const std::span<std::byte> wanted =
        into.first(static_cast<std::size_t>(std::min<std::uint64_t>(left, into.size())));
    const auto offset = static_cast<off_t>(begin_in_file_ + written_);
    // Nobody else changes the rest of the buffer, or how much has come.
    lock.unlock();
    ssize_t got = 0;
    do {
        got = ::pread(file_.get(), wanted.data(), wanted.size(), offset);
    } while (got < 0 && errno == EINTR);
    const int number = errno;
    lock.lock();
    if (got < 0) {
        return open_file_error(number, "cannot read the file");
    }
    if (got == 0 && !wanted.empty()) {
        return Error(ErrorCode::corrupt, "the file became shorter while it was sent");
    }
    count_ += static_cast<std::size_t>(got);
    written_ += static_cast<std::uint64_t>(got);
    is_fill_wanted_ = false;
    return {};
}

Result<void> FilePipe::finish() {
    std::unique_lock lock(mutex_);
    if (written_ != length_) {
        return source_size_error(length_, written_);
    }
    is_whole_ = true;
    wake(reader_, lock);
    return {};
}

Result<void> FilePipe::wait_for_begin() {
    std::unique_lock lock(mutex_);
    begun_.wait(lock, [this] { return written_ >= passed_over_ || failure_; });
    return written_ >= passed_over_ ? Result<void>() : *failure_;
}

void FilePipe::fail(const Error& error) {
    std::unique_lock lock(mutex_);
    failure_ = error;
    begun_.notify_all();
    wake(reader_, lock);
}

std::size_t FilePipe::readable() const noexcept {
    const bool has_last = written_ == length_ && !is_whole_;
    return has_last && count_ > 0 ? count_ - 1 : count_;
}

Result<IoStep> FilePipe::read(std::span<std::byte> into, const Wake& waker) {
    std::unique_lock lock(mutex_);
    into = into.first(std::min(into.size(), most_at_once));
    std::size_t count = read_buffer(into);
    if (count == 0 && failure_) {
        return *failure_;
    }
    if (count == 0 && is_whole_) {
        return IoStep{};
    }
    if (count == 0) {
        count = read_file(into);
    }
    if (count == 0) {
        reader_.emplace(waker);
        if (file_.is_open() && needs_download()) {
            wake(writer_, lock);
        }
        return IoStep{0, true};
    }
    position_ += count;
    const std::uint64_t position = position_;
    if (!file_.is_open() || needs_download()) {
        wake(writer_, lock);
    } else {
        lock.unlock();
    }
    on_given_(position);
    return IoStep{count, false};
}

std::size_t FilePipe::read_buffer(std::span<std::byte> into) noexcept {
    const std::size_t count = std::min(readable(), into.size());
    if (count == 0) {
        return 0;
    }
    const std::size_t until_end = std::min(count, buffer_.size() - begin_);
    std::copy_n(buffer_.begin() + static_cast<std::ptrdiff_t>(begin_), until_end, into.begin());
    std::copy_n(buffer_.begin(), count - until_end, into.begin() + static_cast<std::ptrdiff_t>(until_end));
    begin_ = (begin_ + count) % buffer_.size();
    count_ -= count;
    return count;
}

std::size_t FilePipe::read_file(std::span<std::byte> into) noexcept {
    if (needs_download() || !file_.is_open() || count_ > 0 || written_ == length_) {
        return 0;
    }
    const std::uint64_t but_last = length_ - written_ - 1;
    iovec piece{into.data(), static_cast<std::size_t>(std::min<std::uint64_t>(but_last, into.size()))};
    const auto offset = static_cast<off_t>(begin_in_file_ + written_);
    const ssize_t got = ::preadv2(file_.get(), &piece, 1, offset, no_waiting_);
    if (got > 0) {
        written_ += static_cast<std::uint64_t>(got);
        return static_cast<std::size_t>(got);
    }
    is_fill_wanted_ = true;
    // Some file systems cannot tell whether they would wait.
    is_read_by_reader_ = got == 0 || errno == EAGAIN || errno == EINTR;
    return 0;
}

std::uint64_t FilePipe::position() {
    const std::lock_guard lock(mutex_);
    return position_;
}

void FilePipe::close() {
    std::unique_lock lock(mutex_);
    is_closed_ = true;
    wake(writer_, lock);
}

EnvelopedSource::~EnvelopedSource() {
    if (!is_behind_file_) {
        pipe_->close();
    }
}

Result<IoStep> EnvelopedSource::read(std::span<std::byte> into, const Wake& waker) {
    if (head_given_ < head_.size()) {
        return IoStep{give(head_, head_given_, into), false};
    }
    if (!is_behind_file_) {
        const auto most = static_cast<std::size_t>(std::min<std::uint64_t>(into.size(), left_));
        FILESTORE_TRY_ASSIGN(const IoStep step, pipe_->read(into.first(most), waker));
        left_ -= step.bytes;
        is_behind_file_ = left_ == 0 && !step.would_block;
        if (step.bytes > 0 || step.would_block) {
            return step;
        }
    }
    return IoStep{give(tail_, tail_given_, into), false};
}

}  // namespace filestore
