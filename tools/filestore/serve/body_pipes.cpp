#include "serve/body_pipes.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "core/try.h"
#include "serve/exchange.h"

namespace filestore::tool::serve {

namespace {

/// An upload of more than so many bytes is a large one.
constexpr std::uint64_t most_of_small_ones = 65'536;

/// Nothing where the file has become shorter, or cannot be read.
std::optional<std::string> read_whole(const FileRange& range) {
    std::string bytes(static_cast<std::size_t>(range.size), '\0');
    std::size_t there = 0;
    while (there < bytes.size()) {
        const ssize_t got = ::pread(range.descriptor, bytes.data() + there, bytes.size() - there,
                                    static_cast<off_t>(range.offset + there));
        const bool is_interrupted = got < 0 && errno == EINTR;
        if (got <= 0 && !is_interrupted) {
            return std::nullopt;
        }
        there += static_cast<std::size_t>(std::max<ssize_t>(got, 0));
    }
    return bytes;
}

}  // namespace

void UploadPipe::wake_reader(std::unique_lock<std::mutex>& lock) {
    const auto reader = std::exchange(reader_, std::nullopt);
    lock.unlock();
    if (reader) {
        (*reader)();
    }
}

void UploadPipe::add(std::string_view bytes) {
    std::unique_lock lock(mutex_);
    if (is_closed_ || failure_) {
        return;
    }
    queue_.add(bytes);
    // With a large share for many at once; what are fewer hand_over() gives.
    if (!large_share_ || queue_.size() >= share() / 2) {
        wake_reader(lock);
    }
}

void UploadPipe::hand_over() {
    std::unique_lock lock(mutex_);
    if (!queue_.empty()) {
        wake_reader(lock);
    }
}

std::size_t UploadPipe::room() const {
    const std::lock_guard lock(mutex_);
    return is_closed_ || failure_ ? BodyTaker::unlimited : share() - std::min(share(), queue_.size());
}

std::size_t UploadPipe::share() const noexcept {
    return large_share_ ? BodyMemory::large_share : BodyMemory::usual_share;
}

void UploadPipe::end() {
    std::unique_lock lock(mutex_);
    has_ended_ = true;
    wake_reader(lock);
}

void UploadPipe::fail(const Error& error) {
    end_with(error, false);
}

void UploadPipe::cut(const Error& error) {
    end_with(error, true);
}

void UploadPipe::end_with(const Error& error, bool keeps_bytes) {
    std::unique_lock lock(mutex_);
    if (has_ended_ || failure_) {
        return;
    }
    failure_ = error;
    if (!keeps_bytes) {
        drop_bytes();
    }
    wake_reader(lock);
}

bool UploadPipe::was_failed() const {
    const std::lock_guard lock(mutex_);
    return failure_.has_value();
}

void UploadPipe::close() {
    {
        const std::lock_guard lock(mutex_);
        is_closed_ = true;
        drop_bytes();
        large_share_ = {};
    }
    wake_connection_();
}

void UploadPipe::drop_bytes() noexcept {
    drops_ = true;
    if (!is_lent_) {
        queue_.clear();
    }
}

/// False at the end, and where the reader has to wait.
Result<bool> UploadPipe::has_bytes(const Wake& wake) {
    if (failure_ && (drops_ || queue_.empty())) {
        return *failure_;
    }
    if (queue_.empty() && !has_ended_) {
        wait_for_bytes(wake);
    }
    return !queue_.empty();
}

Result<IoStep> UploadPipe::read(std::span<std::byte> into, const Wake& wake) {
    std::unique_lock lock(mutex_);
    FILESTORE_TRY_ASSIGN(const bool is_there, has_bytes(wake));
    if (!is_there) {
        return IoStep{0, !has_ended_};
    }
    const std::size_t count = queue_.take(reinterpret_cast<char*>(into.data()), into.size());
    gave(count, lock);
    return IoStep{count, false};
}

Result<LendingSource::Loan> UploadPipe::lend(const Wake& wake) {
    const std::lock_guard lock(mutex_);
    FILESTORE_TRY_ASSIGN(is_lent_, has_bytes(wake));
    if (!is_lent_) {
        return Loan{{}, !has_ended_};
    }
    const std::string_view bytes = queue_.first();
    return Loan{std::as_bytes(std::span(bytes)), false};
}

void UploadPipe::give_back(std::size_t used) noexcept {
    std::unique_lock lock(mutex_);
    is_lent_ = false;
    queue_.drop(used);
    gave(used, lock);
}

/// A connection that waits for room goes on once half of its share is free.
void UploadPipe::gave(std::size_t count, std::unique_lock<std::mutex>& lock) {
    given_ += count;
    const std::size_t left = queue_.size();
    const bool has_become_half = left <= share() / 2 && left + count > share() / 2;
    if (drops_) {
        queue_.clear();
    }
    lock.unlock();
    if (has_become_half) {
        wake_connection_();
    }
}

/// The reader is faster than the connection: with more room it waits less often.
void UploadPipe::wait_for_bytes(const Wake& wake) {
    reader_ = wake;
    if (!large_share_ && given_ >= most_of_small_ones) {
        large_share_ = BodyMemory::LargeShare(memory_);
    }
}

std::size_t DownloadPipe::readable() const noexcept {
    const std::size_t held_back = end_ == End::whole || queue_.empty() ? 0 : 1;
    return queue_.size() - held_back;
}

void DownloadPipe::begin(Body body) {
    if (const Begin begin = std::exchange(begin_, nullptr)) {
        begin(std::move(body));
    }
}

Result<std::optional<IoStep>> DownloadPipe::take_from(const FileRange& range, const Wake&) {
    if (!begin_) {
        return std::optional<IoStep>();
    }
    Body body;
    if (range.size <= sent_with_its_head) {
        body.bytes = read_whole(range);
    } else {
        body.file = std::make_shared<FileBody>(
            FileBody{Descriptor(::fcntl(range.descriptor, F_DUPFD_CLOEXEC, 0)), range.offset});
    }
    if (!body.bytes && !(body.file && body.file->descriptor.is_open())) {
        return std::optional<IoStep>();
    }
    begin(std::move(body));
    return std::optional<IoStep>(IoStep{static_cast<std::size_t>(range.size), false});
}

Result<IoStep> DownloadPipe::write(std::span<const std::byte> bytes, const Wake& wake) {
    begin({});
    {
        const std::lock_guard lock(mutex_);
        const std::size_t most = memory_.share_of_download();
        if (queue_.size() >= most) {
            writer_ = wake;
            return IoStep{0, true};
        }
        bytes = bytes.first(std::min(bytes.size(), most - queue_.size()));
        queue_.add({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
    }
    wake_connection_();
    return IoStep{bytes.size(), false};
}

Result<void> DownloadPipe::finish() {
    begin({});
    {
        const std::lock_guard lock(mutex_);
        end_ = End::whole;
    }
    wake_connection_();
    return {};
}

void DownloadPipe::fail() {
    begin_ = nullptr;
    {
        const std::lock_guard lock(mutex_);
        if (end_ == End::none) {
            end_ = End::failed;
        }
    }
    wake_connection_();
}

BodyReader::Step DownloadPipe::read(std::span<char> into) {
    std::unique_lock lock(mutex_);
    if (end_ == End::failed) {
        return {0, State::failed};
    }
    if (readable() == 0) {
        return {0, end_ == End::whole ? State::ended : State::nothing_yet};
    }
    const std::size_t count = queue_.take(into.data(), std::min(into.size(), readable()));
    const auto writer =
        queue_.size() < memory_.share_of_download() ? std::exchange(writer_, std::nullopt) : std::nullopt;
    lock.unlock();
    if (writer) {
        (*writer)();
    }
    return {count, State::more};
}

bool DownloadPipe::is_ready() const {
    const std::lock_guard lock(mutex_);
    return end_ != End::none || readable() > 0;
}

}  // namespace filestore::tool::serve
