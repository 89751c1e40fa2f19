#include "export/file_pipe.h"

#include <algorithm>
#include <utility>

#include "core/stream_calls.h"
#include "core/try.h"

namespace filestore {

namespace {

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

FilePipe::FilePipe(std::uint64_t length, std::function<void(std::uint64_t)> on_given)
    : length_(length),
      on_given_(std::move(on_given)),
      buffer_(
          static_cast<std::size_t>(std::min<std::uint64_t>(capacity, std::max<std::uint64_t>(length, 1)))) {}

Result<IoStep> FilePipe::write(std::span<const std::byte> bytes, const Wake& waker) {
    std::unique_lock lock(mutex_);
    if (is_closed_) {
        return Error(ErrorCode::cancelled);
    }
    if (bytes.size() > length_ - written_) {
        return Error(ErrorCode::conflict, "the file became longer while it was sent");
    }
    const std::size_t taken = std::min(bytes.size(), buffer_.size() - count_);
    if (taken == 0) {
        writer_.emplace(waker);
        return IoStep{0, true};
    }
    const std::size_t end = (begin_ + count_) % buffer_.size();
    const std::size_t until_end = std::min(taken, buffer_.size() - end);
    std::copy_n(bytes.begin(), until_end, buffer_.begin() + static_cast<std::ptrdiff_t>(end));
    std::copy_n(bytes.begin() + static_cast<std::ptrdiff_t>(until_end), taken - until_end, buffer_.begin());
    count_ += taken;
    written_ += taken;
    if (readable() > 0) {
        wake(reader_, lock);
    }
    return IoStep{taken, false};
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

void FilePipe::fail(const Error& error) {
    std::unique_lock lock(mutex_);
    failure_ = error;
    wake(reader_, lock);
}

std::size_t FilePipe::readable() const noexcept {
    const bool has_last = written_ == length_ && !is_whole_;
    return has_last && count_ > 0 ? count_ - 1 : count_;
}

Result<IoStep> FilePipe::read(std::span<std::byte> into, const Wake& waker) {
    std::unique_lock lock(mutex_);
    const std::size_t count = std::min(readable(), into.size());
    if (count == 0) {
        if (failure_) {
            return *failure_;
        }
        if (is_whole_) {
            return IoStep{};
        }
        reader_.emplace(waker);
        return IoStep{0, true};
    }
    const std::size_t until_end = std::min(count, buffer_.size() - begin_);
    std::copy_n(buffer_.begin() + static_cast<std::ptrdiff_t>(begin_), until_end, into.begin());
    std::copy_n(buffer_.begin(), count - until_end, into.begin() + static_cast<std::ptrdiff_t>(until_end));
    begin_ = (begin_ + count) % buffer_.size();
    count_ -= count;
    given_ += count;
    const std::uint64_t given = given_;
    wake(writer_, lock);
    on_given_(given);
    return IoStep{count, false};
}

void FilePipe::close() {
    std::unique_lock lock(mutex_);
    is_closed_ = true;
    wake(writer_, lock);
}

Result<IoStep> EnvelopedSource::read(std::span<std::byte> into, const Wake& waker) {
    if (head_given_ < head_.size()) {
        return IoStep{give(head_, head_given_, into), false};
    }
    if (!is_behind_file_) {
        FILESTORE_TRY_ASSIGN(const IoStep step, pipe_->read(into, waker));
        if (step.bytes > 0 || step.would_block) {
            return step;
        }
        is_behind_file_ = true;
    }
    return IoStep{give(tail_, tail_given_, into), false};
}

}  // namespace filestore
