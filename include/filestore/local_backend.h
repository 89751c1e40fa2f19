#pragma once

/// Files in a local directory, in the layout of the original system:
///
///     <base>/<file id>                    the bytes
///     <base>/metadata/<file id>.json      a JSON object: the user's keys beside `file_id`, `original_path`, `size`;
///                                         what else we keep (type, version, checksum) is under the one key `filestore`
///     <base>/.filestore/                  ours: the lock, what is unfinished, the record of the layout, the catalogue of a FileService, the quarantine of verify
///
/// or in a sharded one, for stores of a million files and more: `<base>/6f/<file id>` and `<base>/metadata/6f/<file id>.json`, where 6f are the first two
/// digits of the ID. A store is of the layout that it was made with (LocalOptions::layout) until convert_local_store() changes it. The original system knows the
/// flat layout only: in a sharded store it finds nothing, and what it writes there nobody finds.
///
/// A store that the original wrote is read, and the original reads ours. What its json.dump wrote beyond JSON is told as JSON: half a surrogate
/// pair as U+FFFD, a number that JSON or a double does not have (NaN, 10 to the 400th) as a string of its spelling. A value under
/// `filestore` that is not ours is the user's.
///
/// An upload or a removal takes effect whole, with its metadata, or not at all, also where the process dies or the power fails in the middle of it; a reader
/// sees the old file or the new one. Opening a store ends what a process left that died, and costs what is unfinished only. A failure of `outcome_unknown`
/// says that the change was made or may still be, and may not survive power loss. All that has to be on one file system, with file locks (flock, fcntl) that work.
/// Any number of processes may share a store, the original system included, which takes no locks: what it writes itself is as safe as it makes it.
/// Its uploads that verify() comes across are VerifyReport::under_way, until nothing was written for an hour.
///
/// Files are made with mode 0600 and directories with 0700, unless the options say otherwise; the umask does not matter. `base_path` itself may be reached
/// through symbolic links; below it none is followed, and what stands for a file and is none (a link, a FIFO, a directory) is `corrupt`.
/// What a download compares is DownloadCheck's; a file without metadata is read.
/// StorageBackend::verify() reads every file and compares it with its checksum (see verify.h).

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "filestore/backend.h"
#include "filestore/call.h"
#include "filestore/checksum.h"
#include "filestore/executor.h"
#include "filestore/secret.h"
#include "filestore/time.h"

namespace filestore {

/// What a completed upload or removal survives. A value.
enum class Durability {
    /// Power loss: file, sidecar and directories are flushed.
    full,
    /// Power loss, but the latest uploads and removals may be undone: file and sidecar are flushed, directories are not. Each file is whole, as one of its uploads
    /// left it, on a file system that keeps names in the order in which they came (ext4, xfs).
    data,
    /// The end of the process only: nothing is flushed. After power loss what was uploaded may be gone, cut short or `corrupt`; files that nobody touched are as
    /// they were.
    none,
};

/// Where in its directory a store keeps its files; see above.
enum class LocalLayout { flat, sharded };

/// What a download looks at beside the bytes. One that asks for the file's info (`DownloadRequest::on_info`) always reads the metadata, and fails with `corrupt` where
/// that is damaged or tells of another size. A value.
enum class DownloadCheck {
    /// Nothing: the file is opened and read, as any program would do it.
    none,
    /// Its metadata: where that is damaged or tells of another size, the download fails with `corrupt`. Costs another small file that is read.
    size,
    /// And, of a whole file that has one, its checksum: other bytes are `corrupt`, before Sink::finish. The bytes pass through the memory of the process, where
    /// else the kernel moves them to files, pipes, and sockets that are set not to block.
    checksum,
};

/// A value.
struct LocalOptions {
    /// Made, with its parents, where it is missing. A relative path counts from the working directory of the moment when the
    /// backend is opened.
    std::string base_path = "./storage";
    Durability durability = Durability::full;
    /// Of a store that is made; where there is none, it is flat. To open a store that has another one is refused with `configuration`.
    std::optional<LocalLayout> layout{};
    /// Permissions of what is made. Files: 0600 to 0666, directories: 0700 to 0777, and 02000 beside it for the group of the directory above; whoever owns
    /// them can always read and write.
    unsigned file_mode = 0600;
    unsigned directory_mode = 0700;
    /// The checksum of a file's bytes that an upload keeps in the metadata; none where it is empty. Files without one, such as the original's, are
    /// read as well; nothing tells of them that their bytes have changed. An upload from a file shares the file's blocks where the file system can (xfs, btrfs), and
    /// reads them once for the checksum; elsewhere the kernel copies the file where there is no checksum.
    std::optional<ChecksumAlgorithm> checksum = ChecksumAlgorithm::crc64nvme;
    DownloadCheck verify_downloads = DownloadCheck::size;
    /// For presigned URLs, which there are where both are given: where a server hands the files out ("https://files.example/files"; http or https,
    /// without query and fragment), and the secret that signs, 32 bytes or more, which that server checks them with: see check_signed_url().
    std::string url_base{};
    SecretString url_key{};
    /// What presigned URLs take the time from, and verify() the age of files.
    std::shared_ptr<Clock> clock = system_clock();
    /// Where the work runs; a thread pool of its own where there is none.
    std::shared_ptr<Executor> executor{};
};

/// Opens a local store; blocks (a few system calls). Destroying the handle closes the backend: pending calls complete with `cancelled`.
/// Failures to act on: `permission_denied`, `invalid_argument` (a file stands where a directory is needed), `configuration` (there is no
/// such place: a link to nothing, a working directory that was removed; or it has another layout), `unsupported` (a layout of a newer version), `conflict` (the
/// layout is just being changed), `no_space`, `io`.
[[nodiscard]] FILESTORE_API Result<std::shared_ptr<StorageBackend>> open_local_backend(LocalOptions options);

/// How far convert_local_store() is. A value.
struct ConvertProgress {
    /// Moved by this call.
    std::uint64_t files_done = 0;
    /// About how many there were to move when it began.
    std::uint64_t files_total = 0;
};

/// A value.
struct ConvertRequest {
    LocalLayout layout = LocalLayout::sharded;
    /// Called at most about ten times a second and once at the end, on the calling thread. It must be quick and must not block or throw.
    std::function<void(const ConvertProgress&)> progress{};
    /// `call.progress` is not used.
    CallOptions call{};
};

/// A value.
struct ConvertReport {
    /// Moved by this call; 0 where the store has the layout already.
    std::uint64_t files = 0;
};

/// Gives a store another layout. Every file is moved in place, with its metadata; none is read or copied. `options` says where the store is, which must be there,
/// and of what modes new directories are; `options.layout` is not used. Blocks, on the calling thread, for some 20 microseconds a file.
///
/// To begin is refused with `conflict` as long as anybody has the store open, in this or another process: they would look for files in the old place. Once it
/// has begun others may open the store, and read, list, store, replace and remove as ever: they look in both places, and may stay when it
/// has ended. The original system must not be at work meanwhile, nor afterwards where the store has become a sharded one.
///
/// Where it ends early (a failure, `cancelled`, `timeout`, kill -9, power loss, whatever the store's durability) the store is whole and can be used, some of its files in the old
/// place, some in the new one. Another call goes on; one with the layout that the store had turns back, and may have to wait like one that begins.
/// Failures to act on: `conflict` (also a file that is there in both layouts), `configuration` (there is no store), `permission_denied`, `no_space`, `io`.
[[nodiscard]] FILESTORE_API Result<ConvertReport> convert_local_store(const LocalOptions& options,
                                                                      const ConvertRequest& request);

/// The file that a presigned URL of a local store allows `method` on, `now`. Pure. `url` may be the whole URL, or path and query as a server hears them:
///
///     <url_base>/<file id>?method=GET&expires=<seconds since 1970>&signature=<64 hexadecimal digits>
///
/// The signature is the HMAC-SHA-256 (RFC 2104), under `url_key`, of "filestore-url-1", method, file ID and expires, joined by line feeds.
/// `permission_denied` for another signature, another method, or a URL whose time is over; `invalid_argument` for what is no such URL.
[[nodiscard]] FILESTORE_API Result<FileId> check_signed_url(std::string_view url, PresignMethod method,
                                                            std::string_view url_key, Timestamp now);

}  // namespace filestore
