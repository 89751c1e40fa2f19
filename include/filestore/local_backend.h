#pragma once

/// Files in a local directory, in the layout of the original system:
///
///     <base>/<file id>                    the bytes
///     <base>/metadata/<file id>.json      a JSON object: the user's keys beside `file_id`, `original_path`, `size`;
///                                         what else we keep is under the one key `filestore`
///     <base>/.filestore/                  ours: the lock, what is unfinished, the catalogue of a FileService
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

#include <memory>
#include <string>

#include "filestore/backend.h"
#include "filestore/executor.h"

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
    /// Where the work runs; a thread pool of its own where there is none.
    std::shared_ptr<Executor> executor{};
};

/// Opens a local store; blocks (a few system calls). Destroying the handle closes the backend: pending calls complete with `cancelled`.
/// Failures to act on: `permission_denied`, `invalid_argument` (a file stands where a directory is needed), `configuration` (there is no
/// such place: a link to nothing, a working directory that was removed), `no_space`, `io`.
[[nodiscard]] FILESTORE_API Result<std::shared_ptr<StorageBackend>> open_local_backend(LocalOptions options);

}  // namespace filestore
