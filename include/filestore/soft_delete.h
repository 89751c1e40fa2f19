#pragma once

/// Soft delete: what is deleted can be had back for a while.
///
/// Off by default; ServiceOptions::soft_delete_grace turns it on, and says for how long. FileService::remove(), and FileService::cleanup() of what is old, then touch nothing of the
/// store. They record the deletion, as ever, in the catalogue and at the audit server, and mark the file in the catalogue, in one transaction. To the service the file is gone:
/// download(), metadata() and presign() answer `not_found`, exists() answers false, list() leaves it out, remove() answers false. verify() still reads what is there of it, and reconcile()
/// finds nothing wrong with a file that is marked, unless the audit server has it as stored. Until then each of these calls reads the catalogue once, which without the option they do not; what they began before goes on.
///
/// FileService::undelete() takes the deletion back as long as the grace is not over: the file is stored again, with its old path, metadata and time of upload. The audit server's `deleted_at`
/// becomes null again where it is the one that this catalogue told; who deleted the file there before keeps his. A request that told the deletion, and that the server carries out only after
/// the undelete was told (it was sent again, as its answer did not come), marks the row there once more: reconcile() finds that as `marked_deleted`, and repairs it.
///
/// Once the grace is over nobody gets the file back, and the next cleanup() purges it: the bytes go, in batches, and nothing is recorded that was not. Space is free only then. So there must be somebody who
/// cleans up now and then: the schedule of a started service (CleanupOptions), or `filestore cleanup`.
///
/// Where there is an audit server, it is asked before bytes go. A file that it has as stored, although its deletion was told, was restored by somebody else: another catalogue of the same store, or this one before an older state of it was put
/// back. That file stays; cleanup() tells of it as kept, and reconcile() as `marked_deleted`, and either records it as stored again. One whose deletion is parked (see audit.h) stays until that is told. Without an answer nothing is purged.
///
/// A mark has a checksum. Where it does not match (a damaged catalogue), nobody can tell when the grace is over: the bytes are kept, cleanup() tells of the file as failed with `corrupt`, deleted_files() fails with that, and undelete()
/// gives the file back.
///
/// A mark keeps the end of its own grace: another grace counts for what is deleted from then on. Marks are of the catalogue, not of the process. A process without the option, on the same
/// catalogue:
/// - reads a file that is marked as one that is there, in list() too, as it does not ask the catalogue;
/// - removes the bytes for good by remove(), which answers true, and records no second deletion;
/// - purges by cleanup() what is due, leaves alone what is marked, and removes other old files at once;
/// - lists what is marked by deleted_files(), and takes deletions back by undelete().
/// A process with another catalogue, or none, knows of no marks; its cleanup() removes files that are marked here once they are old, unless it asks an audit server that was told of
/// their deletion.
///
/// All types of this header are values: any thread may read one while none changes it.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "filestore/call.h"
#include "filestore/file_id.h"
#include "filestore/time.h"

namespace filestore {

/// A file that undelete() gives back.
struct DeletedFile {
    FileId id{};
    std::string original_path{};
    /// Bytes; 0 where its metadata could not be read when it was deleted.
    std::uint64_t size = 0;
    Timestamp deleted_at{};
    /// When its grace is over.
    Timestamp until{};
};

struct DeletedFilesRequest {
    /// Where to go on: `DeletedFilesPage::next` of the page before; empty for the first.
    std::string cursor{};
    /// The most files to answer, 1 to 1000.
    std::uint32_t limit = 1000;
    /// `call.progress` is not used.
    CallOptions call{};
};

struct DeletedFilesPage {
    /// In the order of their IDs.
    std::vector<DeletedFile> files{};
    /// The cursor of the next page; nothing after the last.
    std::optional<std::string> next{};
};

}  // namespace filestore
