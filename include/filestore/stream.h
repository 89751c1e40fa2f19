#pragma once

/// File bodies: a `Source` gives the bytes of an upload, a `Sink` takes those of a download.
///
/// Both are resources, shared with the library by std::shared_ptr, and used by one thread at a time (the library calls from threads of its own, from the executor, and
/// from one that waits for a blocking call; never from two at once). Neither may throw.
///
/// A stream that is not declared blocking must not wait. Where it would have to, it answers `would_block` and later,
/// exactly once, calls the Wake that it was given. No library thread waits for a caller's stream.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "filestore/export.h"
#include "filestore/result.h"

namespace filestore {

/// Tells the library to call a stream again. A value (a handle); thread-safe; may outlive the call that it belongs to.
class FILESTORE_API Wake {
public:
    /// What is woken: the library's own, or that of a backend that drives streams itself. A resource; thread-safe.
    class FILESTORE_API Target {
    public:
        Target() = default;
        Target(const Target&) = delete;
        Target& operator=(const Target&) = delete;
        virtual ~Target();
        virtual void wake() noexcept = 0;
        /// Arranges for wake() when the descriptor is readable (or writable). The descriptor stays open until then.
        virtual void wake_when_ready(int descriptor, bool for_writing) noexcept = 0;
    };

    explicit Wake(std::shared_ptr<Target> target) noexcept : target_(std::move(target)) {}

    /// Call again. From any thread, also from inside read() or write(); does not block.
    void operator()() const noexcept { target_->wake(); }

    /// Call again once a pipe or socket has bytes to read, or room to write; the library does the polling.
    void when_readable(int descriptor) const noexcept { target_->wake_when_ready(descriptor, false); }
    void when_writable(int descriptor) const noexcept { target_->wake_when_ready(descriptor, true); }

private:
    std::shared_ptr<Target> target_;
};

/// What one read or write did. A value.
struct IoStep {
    /// Bytes moved. For a read, 0 without `would_block` is the end of the stream.
    std::size_t bytes = 0;
    /// Nothing could be moved now; `bytes` is 0 and the Wake will be called.
    bool would_block = false;
};

/// The bytes of an upload. A resource; one thread at a time.
class FILESTORE_API Source {
public:
    Source() = default;
    Source(const Source&) = delete;
    Source& operator=(const Source&) = delete;
    virtual ~Source();

    /// Puts up to `into.size()` (never 0) bytes into `into`. A failure ends the upload with `source_failed`, unless the Error
    /// has another code; nothing is published.
    [[nodiscard]] virtual Result<IoStep> read(std::span<std::byte> into, const Wake& wake) = 0;

    /// How many bytes read() will give from the start. The upload fails with `source_failed` when it gives
    /// more or fewer. Nothing where it is not known.
    [[nodiscard]] virtual std::optional<std::uint64_t> size() const noexcept;

    /// Whether rewind() works. A source that cannot is read once only.
    [[nodiscard]] virtual bool can_rewind() const noexcept;

    /// Goes back to where the first read() began. `unsupported` unless can_rewind().
    [[nodiscard]] virtual Result<void> rewind();

    /// Whether read() and rewind() may wait. If so they are called on the executor or on the thread of a blocking call only, and never answer `would_block`.
    [[nodiscard]] virtual bool blocking() const noexcept;
};

/// The receiver of a download. A resource; one thread at a time.
class FILESTORE_API Sink {
public:
    Sink() = default;
    Sink(const Sink&) = delete;
    Sink& operator=(const Sink&) = delete;
    virtual ~Sink();

    /// Takes the next bytes, in order; it may take fewer than given, but not none without `would_block`.
    /// A failure ends the download with `sink_failed`, unless the Error has another code.
    [[nodiscard]] virtual Result<IoStep> write(std::span<const std::byte> bytes, const Wake& wake) = 0;

    /// Every byte was delivered and checked: make the result final. Called at most once, on the executor or on the thread of a blocking call, and never after a
    /// failure. Does nothing by default.
    [[nodiscard]] virtual Result<void> finish();

    /// Whether write() may wait. If so it is called on the executor or on the thread of a blocking call only, and never answers `would_block`.
    [[nodiscard]] virtual bool blocking() const noexcept;
};

/// Reads memory that the caller keeps unchanged until the call has completed. Never blocks; rewinds.
[[nodiscard]] FILESTORE_API std::shared_ptr<Source> source_from_span(std::span<const std::byte> bytes);

/// Reads a copy of its own. Never blocks; rewinds.
[[nodiscard]] FILESTORE_API std::shared_ptr<Source> source_from_string(std::string bytes);

/// A source made of functions. A value.
struct CallbackSource {
    /// As Source::read.
    std::function<Result<IoStep>(std::span<std::byte> into, const Wake& wake)> read{};
    /// As Source::size.
    std::optional<std::uint64_t> size{};
    /// As Source::rewind; empty where the source cannot.
    std::function<Result<void>()> rewind{};
    /// As Source::blocking.
    bool blocking = true;
};
[[nodiscard]] FILESTORE_API std::shared_ptr<Source> source_from_callback(CallbackSource callbacks);

/// Reads an open descriptor, from its position on, to its end. The caller keeps it open until the call has completed and
/// closes it; the library does not move the position of a regular file. Regular files have a known size, rewind, and are
/// read on the executor; pipes, sockets and terminals are polled and do not hold a thread.
[[nodiscard]] FILESTORE_API Result<std::shared_ptr<Source>> source_from_descriptor(int descriptor);

/// Opens a regular file (following symbolic links), pipe or device for reading. A regular file whose size or modification
/// time changes while it is read, or that gives more bytes than its size (files of /proc: give a descriptor of a pipe), fails the upload with
/// `source_failed`. Failures, at once: `not_found`, `permission_denied`,
/// `invalid_argument` for a directory, `io`.
[[nodiscard]] FILESTORE_API Result<std::shared_ptr<Source>> source_from_path(const std::string& path);

/// Collects a download in memory. A resource; one thread at a time.
class FILESTORE_API BufferSink final : public Sink {
public:
    /// A download of more than `max_bytes` fails with `sink_failed`.
    explicit BufferSink(std::uint64_t max_bytes = UINT64_MAX) noexcept : max_bytes_(max_bytes) {}

    [[nodiscard]] Result<IoStep> write(std::span<const std::byte> bytes, const Wake& wake) override;

    /// What was delivered; complete once the download has succeeded.
    [[nodiscard]] const std::string& bytes() const noexcept { return bytes_; }
    [[nodiscard]] std::string take() noexcept { return std::move(bytes_); }

private:
    std::uint64_t max_bytes_;
    std::string bytes_;
};

/// A sink made of functions. A value.
struct CallbackSink {
    /// As Sink::write.
    std::function<Result<IoStep>(std::span<const std::byte> bytes, const Wake& wake)> write{};
    /// As Sink::finish; may be empty.
    std::function<Result<void>()> finish{};
    /// As Sink::blocking.
    bool blocking = true;
};
[[nodiscard]] FILESTORE_API std::shared_ptr<Sink> sink_to_callback(CallbackSink callbacks);

/// Writes to an open descriptor at its position. The caller keeps it open until the call has completed and closes it.
/// Regular files are written on the executor; pipes, sockets and terminals are polled and do not hold a thread.
[[nodiscard]] FILESTORE_API Result<std::shared_ptr<Sink>> sink_to_descriptor(int descriptor);

/// Writes a new file beside `path` that gets the name `path` at the end, synced: `path` is the whole download or what it
/// was before, and a failed download leaves nothing. Mode 0666 less the umask. A process that is killed leaves nothing either, but
/// where a file is replaced, or the file system has no unnamed files: then there may be one beside it named `.filestore-` and 24 hexadecimal digits.
/// Failures, at once: `not_found` (no such directory), `permission_denied`, `invalid_argument` (a directory), `io`.
[[nodiscard]] FILESTORE_API Result<std::shared_ptr<Sink>> sink_to_path(const std::string& path);

}  // namespace filestore
