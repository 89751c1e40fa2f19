#pragma once

/// Files in a local directory, in the layout of the original system:
///
///     <base>/<file id>                    the bytes
///     <base>/metadata/<file id>.json      a JSON object: the user's keys beside `file_id`, `original_path`, `size`;
///                                         what else we keep (type, checksum) is under the one key `filestore`
///     <base>/.filestore/                  ours: the catalogue of a FileService, locks, the quarantine of verify
///
/// A store that the original wrote is read, and the original reads ours. What its json.dump wrote beyond JSON is told as JSON: half a surrogate
/// pair as U+FFFD, a number that JSON or a double does not have (NaN, 10 to the 400th) as a string of its spelling. A value under
/// `filestore` that is not ours is the user's. An upload becomes visible whole or not at all.
/// Any number of processes may share a store.
///
/// Files are made with mode 0600 and directories with 0700, whatever the umask is; only the owner of the process can read them.
/// A download of a file whose metadata is damaged or tells of another size fails with `corrupt`; one without metadata is read.
/// StorageBackend::verify() reads every file and compares it with its checksum (see verify.h).

#include <memory>
#include <optional>
#include <string>

#include "filestore/backend.h"
#include "filestore/checksum.h"
#include "filestore/executor.h"

namespace filestore {

/// What a completed upload or removal survives. A value.
enum class Durability {
    /// Power loss: file, sidecar and directories are flushed.
    full,
    /// Power loss, but the name may be lost: file and sidecar are flushed, directories are not.
    data,
    /// The end of the process only: nothing is flushed.
    none,
};

/// A value.
struct LocalOptions {
    /// Made, with its parents, where it is missing. A relative path counts from the working directory of the moment when the
    /// backend is opened.
    std::string base_path = "./storage";
    Durability durability = Durability::full;
    /// The checksum of a file's bytes that an upload keeps in the metadata; none where it is empty. Files without one, such as the original's, are
    /// read as well; nothing tells of them that their bytes have changed.
    std::optional<ChecksumAlgorithm> checksum = ChecksumAlgorithm::crc64nvme;
    /// Whether a download of a whole file is compared with its checksum: other bytes are `corrupt`, before Sink::finish.
    bool verify_downloads = false;
    /// Where the work runs; a thread pool of its own where there is none.
    std::shared_ptr<Executor> executor{};
};

/// Opens a local store; blocks (a few system calls). Destroying the handle closes the backend: pending calls complete with `cancelled`.
/// Failures to act on: `permission_denied`, `invalid_argument` (a file stands where a directory is needed), `configuration` (there is no
/// such place: a link to nothing, a working directory that was removed), `no_space`, `io`.
[[nodiscard]] FILESTORE_API Result<std::shared_ptr<StorageBackend>> open_local_backend(LocalOptions options);

}  // namespace filestore
