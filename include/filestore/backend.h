#pragma once

/// `StorageBackend`: the seam between the file service and the place where bytes live.
///
/// A resource, held by std::shared_ptr, and thread-safe: any thread may start any call. Asynchronous at heart: the `_async`
/// functions return at once and answer by a Completion (see call.h); the blocking functions wrap them and block the calling
/// thread, which a backend whose work blocks (the local one, and others that derive from BlockingBackend) does that work on: such calls run beside what
/// the executor runs, and its bounds do not count them. The calling thread is a library thread meanwhile, for the caller's streams, hooks and executor; its signal
/// mask stays as it is, but for SIGPIPE and SIGXFSZ while it writes. Any call may also fail with `cancelled`, `timeout`, `no_memory` (also where the system gives no thread), `forked`
/// (the backend was made before fork) and, when blocking on a library thread, `would_deadlock`.
///
/// The structs and enumerations of this header are values: any thread may read one while none changes it. A request is handed over with the
/// call, and the streams in it must not be used elsewhere until the call has completed.
///
/// To write a backend of your own, derive from this class, or from BlockingBackend where your storage can only block.

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "filestore/call.h"
#include "filestore/export.h"
#include "filestore/file_id.h"
#include "filestore/metadata.h"
#include "filestore/result.h"
#include "filestore/stream.h"
#include "filestore/time.h"
#include "filestore/verify.h"

namespace filestore {

inline constexpr std::string_view default_content_type = "application/octet-stream";

/// What a backend knows of a stored file. A value.
struct FileInfo {
    FileId id{};
    /// The name that the uploader gave; empty where none was recorded.
    std::string original_path{};
    /// Bytes.
    std::uint64_t size = 0;
    Timestamp last_modified{};
    std::string content_type{default_content_type};
    /// The uploader's own keys only.
    Metadata metadata{};
    /// What `UploadRequest::if_version` and `FileRequest::if_version` take. Opaque; another one with each upload of other bytes (on S3 it is the ETag), locally with each upload; empty where the backend has none.
    std::string version{};
};

/// What to store. A value.
struct UploadRequest {
    /// Not nil. A file that is there under the same ID is replaced, unless `create_only`.
    FileId id{};
    /// Required.
    std::shared_ptr<Source> source{};
    /// UTF-8, at most 8 KiB; recorded, never used as a path.
    std::string original_path{};
    /// Printable ASCII without line breaks.
    std::string content_type{default_content_type};
    Metadata metadata{};
    /// Fail with `already_exists` where the ID is in use, and with `unsupported` where the store is known to pass over that.
    bool create_only = false;
    /// For metadata that is known only once the source has ended: called once, after the last byte and before anything is published, in place of `metadata`; on a library thread, or that of a blocking
    /// call. Must not block. A failure ends the upload and comes back unchanged. `unsupported` where the backend has to have it before the bytes (`Capabilities::late_metadata`).
    std::function<Result<Metadata>()> late_metadata{};
    /// Where it is not empty: replace the file only as long as it is of this `FileInfo::version`, and fail with `precondition_failed` where it is another or is
    /// not there; with `unsupported` where the backend or the store is known to lack that (`Capabilities::compare_and_swap`). Not together with `create_only`.
    std::string if_version{};
    CallOptions call{};
};

/// What was stored. A value.
struct UploadReceipt {
    /// Bytes stored.
    std::uint64_t size = 0;
};

/// Bytes [offset, offset + length) of a file; without a length, to its end. A value.
struct ByteRange {
    std::uint64_t offset = 0;
    std::optional<std::uint64_t> length{};
};

/// What to read, and where to. A value.
struct DownloadRequest {
    FileId id{};
    /// Required.
    std::shared_ptr<Sink> sink{};
    /// The whole file where there is none. A range that starts at or past the end is `range_not_satisfiable`; one that
    /// reaches past the end is cut.
    std::optional<ByteRange> range{};
    /// Called once before the first byte, on a library thread; a failure ends the download and comes back unchanged. Must not block.
    std::function<Result<void>(const FileInfo&)> on_info{};
    CallOptions call{};
};

/// What was read. A value.
struct DownloadReceipt {
    /// Bytes delivered to the sink.
    std::uint64_t bytes = 0;
    /// Bytes of the whole stored file.
    std::uint64_t file_size = 0;
};

/// Names one file. A value.
struct FileRequest {
    FileId id{};
    CallOptions call{};
    /// remove() only; where it is not empty: remove the file only as long as it is of this `FileInfo::version`. One of another version stays: `precondition_failed`. `unsupported` where the store is known
    /// to pass over that. A backend that has no `Capabilities::compare_and_delete` may not look at it.
    std::string if_version{};
};

/// Names the files of a batch. A value.
struct RemoveBatchRequest {
    /// 1 to 1000.
    std::vector<FileId> ids{};
    CallOptions call{};
    /// As `FileRequest::if_version`, one for each of `ids`, in their order; or none at all. What it fails with is the outcome of that file.
    std::vector<std::string> if_versions{};
};

/// What became of one file of a batch. A value.
struct RemovalOutcome {
    FileId id{};
    /// As remove_async() answers.
    Result<bool> removed{false};
    /// The store keeps the bytes as an older version: the file is gone, but no space is freed.
    bool keeps_version = false;
};

/// Asks for one page. A value.
struct ListRequest {
    /// Where to go on: `ListPage::next` of the page before; empty for the first.
    std::string cursor{};
    /// The most entries to answer, 1 to 1000.
    std::size_t limit = 1000;
    CallOptions call{};
};

/// A file of a page. A value.
struct ListEntry {
    FileId id{};
    /// Bytes.
    std::uint64_t size = 0;
    Timestamp last_modified{};
};

/// A value.
struct ListPage {
    /// Ordered by ID; may be empty although more follow.
    std::vector<ListEntry> files{};
    /// The cursor of the next page; nothing after the last.
    std::optional<std::string> next{};
};

/// What a presigned URL allows. A value.
enum class PresignMethod { get, put, head, remove };

/// Asks for a URL. A value.
struct PresignRequest {
    FileId id{};
    PresignMethod method = PresignMethod::get;
    /// 1 second to 7 days.
    std::chrono::seconds expires{3600};
    /// Answer a URL that ends with the credentials, before `expires`, instead of failing with `unauthenticated`.
    bool allow_earlier_expiry = true;
    CallOptions call{};
    /// get: the headers Content-Disposition and Content-Type of the answer, of printable ASCII; where they are empty, as stored. S3 has them in the URL, signed. The URLs of local stores leave both to the server that
    /// answers them. `invalid_argument` for another method.
    std::string answer_disposition{};
    std::string answer_type{};
};

/// A value.
struct PresignedUrl {
    /// Holds a signature: whoever has it may use it until it expires.
    std::string url{};
    /// The true end: it may be earlier than was asked for (PresignRequest::allow_earlier_expiry).
    Timestamp expires_at{};
    /// That is earlier than was asked for, because the credentials end then.
    bool ends_early = false;
};

/// Asks for what uploads have left that never ended. A value.
struct SweepUploadsRequest {
    /// Only uploads begun longer ago; 0 to 100 years. One that is that old must be sure to be dead.
    std::chrono::seconds older_than{7 * 24 * 3600};
    /// Only uploads of these files; of all where it is empty.
    std::vector<FileId> ids{};
    /// Tells, but ends nothing.
    bool dry_run = false;
    CallOptions call{};
};

/// What a store that keeps versions has beside its files. A value.
struct KeptVersions {
    /// Of files: replaced by newer ones, or hidden since the file was removed.
    std::uint64_t versions = 0;
    /// Of these versions.
    std::uint64_t bytes = 0;
    /// Markers of removed files of which no version is left: they hide nothing any more.
    std::uint64_t orphan_markers = 0;

    friend bool operator==(const KeptVersions&, const KeptVersions&) = default;
};

/// What differs between backends. A value.
struct Capabilities {
    /// remove() can tell whether the file was there.
    bool remove_tells_existence = false;
    bool presign = false;
    /// metadata() tells a version, and upload() looks at `if_version`.
    bool compare_and_swap = false;
    /// remove() and remove_batch() are known to look at `if_version`.
    bool compare_and_delete = false;
    /// Uploads that never ended may leave something, for sweep_uploads().
    bool leaves_uploads = false;
    /// An upload whose call has ended without the storage's answer may be carried out by it all the same, some time after.
    bool may_store_late = false;
    /// upload() looks at `late_metadata`.
    bool late_metadata = false;
};

/// A whole small file. A value.
struct FileAtHand {
    FileInfo info;
    std::string bytes;
};

class ResumableStore;

class FILESTORE_API StorageBackend {
public:
    StorageBackend() = default;
    StorageBackend(const StorageBackend&) = delete;
    StorageBackend& operator=(const StorageBackend&) = delete;
    virtual ~StorageBackend();

    /// Stores a file: whole, with its metadata, or not at all. On any failure nothing new is visible.
    /// Failures to act on: `invalid_argument`, `already_exists` (create_only), `precondition_failed` (if_version), `source_failed`,
    /// `no_space`, `permission_denied`, `unauthenticated`, `configuration`, `unavailable`, `corrupt` (what arrived is not what was sent).
    virtual void upload_async(UploadRequest request, Completion<UploadReceipt> done) = 0;

    /// Hands the bytes of a file to the sink, in order, then calls Sink::finish. On failure the sink may have taken a part;
    /// finish() is not called. Failures to act on: `not_found`, `range_not_satisfiable`, `sink_failed`, `corrupt`,
    /// and those of upload.
    virtual void download_async(DownloadRequest request, Completion<DownloadReceipt> done) = 0;

    /// The same of a small file, at once: one of at most `most` bytes that can be had without waiting, as a local store can where the system has the file in its memory. For
    /// threads that must not wait: does not block. Nothing where it is not so, by default always, and on any failure: a download tells.
    [[nodiscard]] virtual std::optional<FileAtHand> read_at_hand(const FileId& id, std::size_t most) noexcept;

    /// Removes a file with its metadata. False where nothing was there; a backend that cannot tell
    /// (`Capabilities::remove_tells_existence`) answers true. On failure the file is there whole or gone whole. Failures to act on: `precondition_failed` (if_version).
    virtual void remove_async(FileRequest request, Completion<bool> done) = 0;

    /// Removes several files, by as few requests as the storage needs for that: what became of each, in the order of the request. Fails as a whole where that
    /// is the same for each. `invalid_argument` for a batch of none or more than 1000, for a nil ID in it, and for `if_versions` of another number. By default remove_async() of each, and `unsupported` for `if_versions` where the backend has no
    /// `Capabilities::compare_and_delete`.
    virtual void remove_batch_async(RemoveBatchRequest request, Completion<std::vector<RemovalOutcome>> done);

    /// Takes back an upload that did not end well, whose file may be there or not: removes it, and what the storage keeps of an upload before it is
    /// published. Nobody uploads under the ID any more; but where an upload that comes piece by piece is there under it (see resumable_store.h), its time over or not, somebody may be
    /// publishing it just now, so nothing is done. By default as remove_async().
    virtual void discard_async(FileRequest request, Completion<void> done);

    /// Whether the file is there. "Cannot tell" is an error, never false.
    virtual void exists_async(FileRequest request, Completion<bool> done) = 0;

    /// Failures to act on: `not_found`, `corrupt` (the record is damaged), and those of upload.
    virtual void metadata_async(FileRequest request, Completion<FileInfo> done) = 0;

    /// One page of the stored files; a walk from page to page gives, once each, those that are there from its first page to its last. One that comes or goes meanwhile
    /// may be among them or not, wherever the walk is. `invalid_argument` for a limit of 0 or above 1000.
    virtual void list_async(ListRequest request, Completion<ListPage> done) = 0;

    /// A URL by which anybody can use the file for a while. `unsupported` by default. Failures to act on: `unauthenticated` (no credentials, or such as end
    /// earlier where that is not allowed).
    virtual void presign_async(PresignRequest request, Completion<PresignedUrl> done);

    /// Reads every file of the store and tells which are damaged (see verify.h); takes as long as reading them all. Damage is no failure of the call. Files that are stored
    /// or removed meanwhile are not taken for damaged. `unsupported` by default. Failures to act on: `unsupported` (this store cannot repair, or go on with a
    /// run), `conflict` (resume: another run is at work), and those of download for the store as a whole.
    virtual void verify_async(VerifyRequest request, Completion<VerifyReport> done);

    /// Ends uploads that were begun in this store and never ended, and frees what the storage keeps of them; no stored file is touched. On S3 these are uploads in parts to keys that
    /// a file of this store would have: the prefix and a random ID, which is all that tells whose they are. Answers the files that they are of, once for each upload; none by default. Fails
    /// with `unsupported` or `permission_denied` where uploads cannot be listed or ended here.
    virtual void sweep_uploads_async(SweepUploadsRequest request, Completion<std::vector<FileId>> done);

    /// Counts the versions that the store keeps of files, removed ones too, and of nothing else that lies in the bucket: by a listing of all versions, where there are any. None by default. Failures to act on: `unsupported`,
    /// `permission_denied` (versions cannot be listed here).
    virtual void kept_versions_async(CallOptions options, Completion<KeptVersions> done);

    /// For uploads that come piece by piece (see resumable_store.h); null, as by default, where the backend has none. Lives as long as the backend.
    [[nodiscard]] virtual ResumableStore* resumable_store() noexcept;

    [[nodiscard]] virtual Capabilities capabilities() const noexcept = 0;

    /// "local", "s3", or a third party's own.
    [[nodiscard]] virtual std::string_view name() const noexcept = 0;

    /// Ends the backend: every pending call completes with `cancelled`, as does any later one. Returns when all have and the backend's own
    /// threads have ended, except on a library thread, where it does not wait. Idempotent.
    virtual void close() noexcept = 0;

    /// The blocking forms: the same, and the calling thread waits for the answer (see above).
    [[nodiscard]] Result<UploadReceipt> upload(UploadRequest request);
    [[nodiscard]] Result<DownloadReceipt> download(DownloadRequest request);
    [[nodiscard]] Result<bool> remove(FileRequest request);
    [[nodiscard]] Result<std::vector<RemovalOutcome>> remove_batch(RemoveBatchRequest request);
    [[nodiscard]] Result<void> discard(FileRequest request);
    [[nodiscard]] Result<bool> exists(FileRequest request);
    [[nodiscard]] Result<FileInfo> metadata(FileRequest request);
    [[nodiscard]] Result<ListPage> list(ListRequest request);
    [[nodiscard]] Result<PresignedUrl> presign(PresignRequest request);
    [[nodiscard]] Result<VerifyReport> verify(VerifyRequest request);
    [[nodiscard]] Result<std::vector<FileId>> sweep_uploads(SweepUploadsRequest request);
    [[nodiscard]] Result<KeptVersions> kept_versions(CallOptions options);
};

}  // namespace filestore
