#pragma once

/// Files in a local directory, in the layout of the original system:
///
///     <base>/<file id>                    the bytes
///     <base>/metadata/<file id>.json      a JSON object: the user's keys beside `file_id`, `original_path`, `size`;
///                                         what else we keep (type, version, checksum) is under the one key `filestore`
///     <base>/.filestore/                  ours: the lock, what is unfinished, the catalogue of a FileService, the quarantine of verify
///
/// A store that the original wrote is read, and the original reads ours. What its json.dump wrote beyond JSON is told as JSON: half a surrogate
/// pair as U+FFFD, a number that JSON or a double does not have (NaN, 10 to the 400th) as a string of its spelling. A value under
/// `filestore` that is not ours is the user's.
///
/// An upload or a removal takes effect whole, with its metadata, or not at all, also where the process dies or the power fails in the middle of it; a reader
/// sees the old file or the new one. Opening a store ends what a process left that died, and costs what is unfinished only. A failure of `outcome_unknown`
/// says that a file was replaced and may not survive power loss. All that has to be on one file system, with file locks (flock, fcntl) that work.
/// Any number of processes may share a store, the original system included, which takes no locks: what it writes itself is as safe as it makes it.
///
/// Files are made with mode 0600 and directories with 0700, unless the options say otherwise; the umask does not matter. `base_path` itself may be reached
/// through symbolic links; below it none is followed, and what stands for a file and is none (a link, a FIFO, a directory) is `corrupt`.
/// A download of a file whose metadata is damaged or tells of another size fails with `corrupt`; one without metadata is read.
/// StorageBackend::verify() reads every file and compares it with its checksum (see verify.h).

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "filestore/backend.h"
#include "filestore/checksum.h"
#include "filestore/executor.h"
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

/// A value.
struct LocalOptions {
    /// Made, with its parents, where it is missing. A relative path counts from the working directory of the moment when the
    /// backend is opened.
    std::string base_path = "./storage";
    Durability durability = Durability::full;
    /// Permissions of what is made. Files: 0600 to 0666, directories: 0700 to 0777, and 02000 beside it for the group of the directory above; whoever owns
    /// them can always read and write.
    unsigned file_mode = 0600;
    unsigned directory_mode = 0700;
    /// The checksum of a file's bytes that an upload keeps in the metadata; none where it is empty. Files without one, such as the original's, are
    /// read as well; nothing tells of them that their bytes have changed. An upload from a file shares the file's blocks where the file system can (xfs, btrfs), and
    /// reads them once for the checksum; elsewhere the kernel copies the file where there is no checksum.
    std::optional<ChecksumAlgorithm> checksum = ChecksumAlgorithm::crc64nvme;
    /// Whether a download of a whole file is compared with its checksum: other bytes are `corrupt`, before Sink::finish. Where not, the kernel moves the
    /// bytes to files, pipes, and sockets that are set not to block.
    bool verify_downloads = false;
    /// For presigned URLs, which there are where both are given: where a server hands the files out ("https://files.example/files"; http or https,
    /// without query and fragment), and the secret that signs, 32 bytes or more, which that server checks them with: see check_signed_url().
    std::string url_base{};
    std::string url_key{};
    /// What presigned URLs take the time from.
    std::shared_ptr<Clock> clock = system_clock();
    /// Where the work runs; a thread pool of its own where there is none.
    std::shared_ptr<Executor> executor{};
};

/// Opens a local store; blocks (a few system calls). Destroying the handle closes the backend: pending calls complete with `cancelled`.
/// Failures to act on: `permission_denied`, `invalid_argument` (a file stands where a directory is needed), `configuration` (there is no
/// such place: a link to nothing, a working directory that was removed), `no_space`, `io`.
[[nodiscard]] FILESTORE_API Result<std::shared_ptr<StorageBackend>> open_local_backend(LocalOptions options);

/// The file that a presigned URL of a local store allows `method` on, `now`. Pure. `url` may be the whole URL, or path and query as a server hears them:
///
///     <url_base>/<file id>?method=GET&expires=<seconds since 1970>&signature=<64 hexadecimal digits>
///
/// The signature is the HMAC-SHA-256 (RFC 2104), under `url_key`, of "filestore-url-1", method, file ID and expires, joined by line feeds.
/// `permission_denied` for another signature, another method, or a URL whose time is over; `invalid_argument` for what is no such URL.
[[nodiscard]] FILESTORE_API Result<FileId> check_signed_url(std::string_view url, PresignMethod method,
                                                            std::string_view url_key, Timestamp now);

}  // namespace filestore
