#pragma once

/// The bodies of uploads and downloads: between the thread of the connections, which must never wait, and the store.

#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <span>
#include <string_view>

#include "core/file_stream.h"
#include "filestore/stream.h"
#include "serve/byte_queue.h"
#include "serve/message.h"

namespace filestore::tool::serve {

/// What a connection has received and the store has not read. A resource; thread-safe.
class UploadPipe final : public LendingSource {
public:
    /// `wake_connection` is called where there is room again, or nothing is wanted any more.
    UploadPipe(std::optional<std::uint64_t> size, BodyMemory& memory, std::function<void()> wake_connection)
        : size_(size), wake_connection_(std::move(wake_connection)), memory_(memory), queue_(memory) {}

    void add(std::string_view bytes);
    /// No more comes just now: the reader is to have what it has not been woken for.
    void hand_over();
    /// How many bytes may be added now.
    [[nodiscard]] std::size_t room() const;

    /// The body is whole. Without this nothing is ever published.
    void end();
    /// The body will not become whole. Nothing changes after end().
    void fail(const Error& error);
    /// The same, but what has come until then is still given.
    void cut(const Error& error);
    [[nodiscard]] bool was_failed() const;
    /// The store wants no more: what comes is dropped.
    void close();

    [[nodiscard]] Result<IoStep> read(std::span<std::byte> into, const Wake& wake) override;
    [[nodiscard]] Result<Loan> lend(const Wake& wake) override;
    void give_back(std::size_t used) noexcept override;
    [[nodiscard]] std::optional<std::uint64_t> size() const noexcept override { return size_; }
    [[nodiscard]] bool blocking() const noexcept override { return false; }

private:
    [[nodiscard]] Result<bool> has_bytes(const Wake& wake);
    void drop_bytes() noexcept;
    void gave(std::size_t count, std::unique_lock<std::mutex>& lock);
    void wake_reader(std::unique_lock<std::mutex>& lock);
    void end_with(const Error& error, bool keeps_bytes);
    void wait_for_bytes(const Wake& wake);
    [[nodiscard]] std::size_t share() const noexcept;

    const std::optional<std::uint64_t> size_;
    const std::function<void()> wake_connection_;
    BodyMemory& memory_;
    mutable std::mutex mutex_;
    ByteQueue queue_;
    BodyMemory::LargeShare large_share_;
    std::uint64_t given_ = 0;
    std::optional<Wake> reader_;
    /// Of what is lent, nothing is dropped before it is given back.
    bool is_lent_ = false;
    bool drops_ = false;
    bool has_ended_ = false;
    bool is_closed_ = false;
    std::optional<Error> failure_;
};

/// What the store has read and a connection has not sent. The last byte is held back until the store says that all of them are right, so that a client never takes a
/// damaged file for whole. A resource; thread-safe.
class DownloadPipe final : public DescriptorSink, public BodyReader {
public:
    /// How the bytes come: all at once, from a file, or, where there is neither, through the pipe.
    struct Body {
        std::optional<std::string> bytes{};
        std::shared_ptr<FileBody> file{};
    };
    using Begin = std::function<void(Body)>;
    /// Fewer bytes are sent sooner with the head of the answer than by the kernel from the file.
    static constexpr std::size_t sent_with_its_head = 65'536;

    DownloadPipe(BodyMemory& memory, std::function<void()> wake_connection)
        : wake_connection_(std::move(wake_connection)), memory_(memory), queue_(memory) {}

    /// Before the download begins: `begin` is called once when the first bytes are there, or it is whole without any.
    void when_begun(Begin begin) { begin_ = std::move(begin); }

    [[nodiscard]] Result<IoStep> write(std::span<const std::byte> bytes, const Wake& wake) override;
    /// The rest of a download, in one step: a store that hands its file over has nothing left to check.
    [[nodiscard]] Result<std::optional<IoStep>> take_from(const FileRange& range, const Wake& wake) override;
    [[nodiscard]] Result<void> finish() override;
    [[nodiscard]] bool blocking() const noexcept override { return false; }

    /// The download ended early.
    void fail();

    [[nodiscard]] Step read(std::span<char> into) override;
    [[nodiscard]] bool is_ready() const override;

private:
    enum class End { none, whole, failed };

    void begin(Body body);
    [[nodiscard]] std::size_t readable() const noexcept;

    const std::function<void()> wake_connection_;
    const BodyMemory& memory_;
    Begin begin_;
    mutable std::mutex mutex_;
    ByteQueue queue_;
    std::optional<Wake> writer_;
    End end_ = End::none;
};

}  // namespace filestore::tool::serve
