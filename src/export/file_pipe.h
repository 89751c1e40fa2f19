#pragma once

/// The bytes of a stored file on their way from the store into a request, through a buffer of a fixed size.

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "core/descriptor.h"
#include "core/file_stream.h"
#include "filestore/stream.h"

namespace filestore {

/// What a download writes and a request reads. The last byte is held back until the store says that all of them are right, so that no provider takes a damaged file for whole. A resource; thread-safe; only wait_for_begin() waits for another thread.
///
/// Where the download has a file, the reader takes what the system has in memory straight from it, without waiting and without a copy on the way; what it would have to wait for, the download reads into the buffer.
class FilePipe final : public DescriptorSink {
public:
    /// `length` bytes are to come, of which the first `passed_over` are for nobody. `on_given` is told the position behind what has been read, on the reader's thread.
    FilePipe(std::uint64_t length, std::uint64_t passed_over, std::function<void(std::uint64_t)> on_given);

    [[nodiscard]] Result<IoStep> write(std::span<const std::byte> bytes, const Wake& wake) override;
    [[nodiscard]] Result<std::optional<IoStep>> take_from(const FileRange& range, const Wake& wake) override;
    [[nodiscard]] Result<void> finish() override;
    [[nodiscard]] bool blocking() const noexcept override { return false; }

    /// Until the bytes for nobody have come: a request that begins before would look stalled for as long. Fails as the download does.
    [[nodiscard]] Result<void> wait_for_begin();

    /// The download failed: so does the reader, once it has read what came.
    void fail(const Error& error);

    /// 0 bytes without `would_block` after the last.
    [[nodiscard]] Result<IoStep> read(std::span<std::byte> into, const Wake& wake);
    /// Of the next byte to be read.
    [[nodiscard]] std::uint64_t position();
    /// Nobody reads any more: what is written from now on fails with `cancelled`.
    void close();

private:
    static constexpr std::size_t capacity = std::size_t{1} << 20U;

    [[nodiscard]] std::size_t readable() const noexcept;
    /// Of the bytes that may be read now.
    [[nodiscard]] std::size_t read_buffer(std::span<std::byte> into) noexcept;
    /// As many as the system has in memory, but for the last; 0 where the download has to read.
    [[nodiscard]] std::size_t read_file(std::span<std::byte> into) noexcept;
    [[nodiscard]] bool keep_file(const FileRange& range) noexcept;
    /// From the file into the buffer. Waits, without the mutex.
    [[nodiscard]] Result<void> fill(std::unique_lock<std::mutex>& lock);
    [[nodiscard]] bool needs_download() const noexcept { return !is_read_by_reader_ || is_fill_wanted_; }
    [[nodiscard]] bool has_room() const noexcept;
    /// The free part of the buffer behind what lies in it, up to its end.
    [[nodiscard]] std::span<std::byte> room();

    const std::uint64_t length_;
    const std::uint64_t passed_over_;
    const std::function<void(std::uint64_t)> on_given_;
    std::mutex mutex_;
    /// The bytes for nobody have come, or do not come any more.
    std::condition_variable begun_;
    /// Made when it is needed.
    std::vector<std::byte> buffer_;
    /// Of the bytes that lie in the buffer, round its end.
    std::size_t begin_ = 0;
    std::size_t count_ = 0;
    /// Bytes that have come, in the buffer or read from the file.
    std::uint64_t written_ = 0;
    std::uint64_t position_;
    /// The download's, as our own: it may end while the reader reads.
    Descriptor file_;
    /// Where the first byte lies in it.
    std::uint64_t begin_in_file_ = 0;
    /// Of `written_`, what the download knows of.
    std::uint64_t told_ = 0;
    /// The flag of preadv2() that keeps it from waiting, where one is needed.
    int no_waiting_ = 0;
    bool is_read_by_reader_ = false;
    bool is_fill_wanted_ = false;
    std::optional<Wake> writer_;
    std::optional<Wake> reader_;
    bool is_whole_ = false;
    bool is_closed_ = false;
    std::optional<Error> failure_;
};

/// The body of a request: a text, the next bytes of a pipe, another text. A resource; one thread at a time; cannot go back. Where it is let go of before it has given all its bytes, nobody reads the pipe any more.
class EnvelopedSource final : public Source {
public:
    EnvelopedSource(std::string head, std::shared_ptr<FilePipe> pipe, std::uint64_t length, std::string tail)
        : head_(std::move(head)),
          pipe_(std::move(pipe)),
          left_(length),
          tail_(std::move(tail)),
          is_empty_(head_.empty() && left_ == 0 && tail_.empty()) {}
    ~EnvelopedSource() override;

    [[nodiscard]] Result<IoStep> read(std::span<std::byte> into, const Wake& wake) override;
    [[nodiscard]] bool blocking() const noexcept override { return false; }
    /// Whether all of it was read. A body without bytes is never asked for any.
    [[nodiscard]] bool is_given() const noexcept {
        return is_empty_ || (is_behind_file_ && tail_given_ == tail_.size());
    }

private:
    const std::string head_;
    const std::shared_ptr<FilePipe> pipe_;
    std::uint64_t left_;
    const std::string tail_;
    const bool is_empty_;
    std::size_t head_given_ = 0;
    bool is_behind_file_ = false;
    std::size_t tail_given_ = 0;
};

}  // namespace filestore
