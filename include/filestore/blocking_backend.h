#pragma once

/// `BlockingBackend`: derive from it to store files where every call blocks (a file system, a database, an old client
/// library). It runs the work of asynchronous calls on an executor and that of blocking calls on the thread that waits for them, drives the streams, and
/// keeps the promises of StorageBackend: a thread of the executor is never held while the caller's stream has nothing to give or take.
///
/// A resource, made by std::make_shared and thread-safe. The virtual functions are called on the executor or on the thread of a blocking call, for
/// different calls on several threads at once.

#include <memory>
#include <span>

#include "filestore/backend.h"
#include "filestore/executor.h"

namespace filestore {

class FILESTORE_API BlockingBackend : public StorageBackend,
                                      public std::enable_shared_from_this<BlockingBackend> {
public:
    /// A file that is being stored. A resource; one thread at a time. Destroying one that was not committed leaves nothing behind.
    class FILESTORE_API Writer {
    public:
        Writer() = default;
        Writer(const Writer&) = delete;
        Writer& operator=(const Writer&) = delete;
        virtual ~Writer();
        [[nodiscard]] virtual Result<void> write(std::span<const std::byte> bytes) = 0;
        /// As write(), of up to `size` (never 0) bytes of a regular file from `offset` on, without a detour through memory. The position of
        /// `descriptor` stays as it is. How many; 0 where this cannot be done, and they come by write(), as for a writer that does not have this function.
        /// Moves some MiB at a time.
        [[nodiscard]] virtual Result<std::uint64_t> write_from(int descriptor, std::uint64_t offset,
                                                               std::uint64_t size);
        /// Publishes the file, `size` bytes long, with its metadata. Called at most once, last.
        [[nodiscard]] virtual Result<void> commit(std::uint64_t size) = 0;
    };

    /// A stored file that is being read. A resource; one thread at a time.
    class FILESTORE_API Reader {
    public:
        Reader() = default;
        Reader(const Reader&) = delete;
        Reader& operator=(const Reader&) = delete;
        virtual ~Reader();
        /// Bytes of the whole file.
        [[nodiscard]] virtual std::uint64_t size() const noexcept = 0;
        /// Asked only where the request has an `on_info`.
        [[nodiscard]] virtual Result<FileInfo> info() = 0;
        /// Reads up to `into.size()` bytes at `offset`; 0 at the end.
        [[nodiscard]] virtual Result<std::size_t> read(std::uint64_t offset, std::span<std::byte> into) = 0;
        /// A descriptor of a regular file that has the same bytes at the same offsets, open as long as the reader: the kernel may move them to where
        /// they go. -1, as by default, where there is none, or read() has to see them.
        [[nodiscard]] virtual int descriptor() const noexcept;
    };

    explicit BlockingBackend(std::shared_ptr<Executor> executor);
    ~BlockingBackend() override;

    void upload_async(UploadRequest request, Completion<UploadReceipt> done) final;
    void download_async(DownloadRequest request, Completion<DownloadReceipt> done) final;
    void remove_async(FileRequest request, Completion<bool> done) final;
    void exists_async(FileRequest request, Completion<bool> done) final;
    void metadata_async(FileRequest request, Completion<FileInfo> done) final;
    void list_async(ListRequest request, Completion<ListPage> done) final;
    void presign_async(PresignRequest request, Completion<PresignedUrl> done) final;
    void verify_async(VerifyRequest request, Completion<VerifyReport> done) final;
    void close() noexcept final;

protected:
    /// The requests have been checked: the ID is not nil, streams are there, the metadata is allowed. `request.call.cancel` is triggered by the
    /// caller and by close(): a function that may wait for long looks at it, and at the deadline, and then fails with `cancelled` or `timeout`.
    [[nodiscard]] virtual Result<std::unique_ptr<Writer>> open_writer(const UploadRequest& request) = 0;
    [[nodiscard]] virtual Result<std::unique_ptr<Reader>> open_reader(const DownloadRequest& request) = 0;
    [[nodiscard]] virtual Result<bool> remove_now(const FileRequest& request) = 0;
    [[nodiscard]] virtual Result<bool> exists_now(const FileRequest& request) = 0;
    [[nodiscard]] virtual Result<FileInfo> metadata_now(const FileRequest& request) = 0;
    [[nodiscard]] virtual Result<ListPage> list_now(const ListRequest& request) = 0;
    /// `unsupported` by default.
    [[nodiscard]] virtual Result<PresignedUrl> presign_now(const PresignRequest& request);
    /// `unsupported` by default.
    [[nodiscard]] virtual Result<VerifyReport> verify_now(const VerifyRequest& request);

    /// For backends of the library's own.
    struct Machinery;
    [[nodiscard]] Machinery& machinery() noexcept { return *machinery_; }

private:
    template <class Request, class Receipt>
    class TransferJob;
    class UploadJob;
    class DownloadJob;
    template <class T, class Request>
    class CallJob;

    template <class J, class T, class Request, class... Arguments>
    void start(Request request, Completion<T> done, Arguments... arguments);

    std::unique_ptr<Machinery> machinery_;
};

}  // namespace filestore
