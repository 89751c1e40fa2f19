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

FilePipe::FilePipe(std::uint64_t length, std::uint64_t passed_over,
                   std::function<void(std::uint64_t)> on_given)
    : length_(length),
      passed_over_(passed_over),
      on_given_(std::move(on_given)),
      buffer_(
          static_cast<std::size_t>(std::min<std::uint64_t>(capacity, std::max<std::uint64_t>(length, 1)))),
      position_(passed_over) {}

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
        return IoStep{static_cast<std::size_t>(passed), false};
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
    position_ += count;
    const std::uint64_t position = position_;
    wake(writer_, lock);
    on_given_(position);
    return IoStep{count, false};
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
