#pragma once

/// `FileService::cleanup()`: removes the files of a store that are older than a number of days.
///
/// Old is a file that was stored more than that ago: by the catalogue, where it has a row, and by the store itself. What either says to be newer is kept, and so is a file of
/// which nobody knows the time, and one that is stored anew (on S3: with other bytes) between the look at it and its removal, where the backend compares that (`Capabilities::compare_and_delete`). Files that the catalogue does not know (of the system before, of another tool) are found by listing the store. A store in which a listing
/// found every file recorded is not listed again for as many days as files are kept: files that are put there meanwhile without being recorded, and are old by then (copied with their times), stay until then, or until reconcile() records them. Where there is an audit server, what its table has as stored and the catalogue does not know comes last,
/// so a table is of one store: what is not in this one is recorded as deleted.
/// A file whose metadata is lost, of a store that keeps it apart from the bytes, is as old as its record and its bytes say, and removed as any other.
///
/// An audit server is asked of every file before it is removed. A file that is new by its table is kept, and so is one that is deleted by it, by whomsoever: as in the original system, what is cleaned up is old and not deleted by
/// the table. A file whose row has no time of its upload is kept, and one whose row has what is no time at all is told of as failed.
/// Another machine may be able to undelete it, and `reconcile` records the file as stored again. A deletion that is perhaps undone by what is still to be told counts for nothing. Of a file that the table does
/// not know, catalogue and store decide. Where the server cannot be asked, the run ends with its error before anything is removed or purged; where it stops answering later, before anything more is. Where it shows no row,
/// and the key may not write and read one either, it perhaps hides its rows from that key: `permission_denied`.
///
/// A store that holds nothing of what is recorded is perhaps not the one: its disk is not mounted, or the bucket is another one. So where none of the files that were looked at is there, the store is listed first (a
/// page of 1000 files); where no file of that is recorded either, although 20 files or more are recorded as stored (and not as deleted by the audit server's table) or kept for undelete(), the run ends with `precondition_failed`, and nothing is recorded as deleted. See
/// CleanupRequest::accept_missing. Files that are gone from a store that holds other recorded ones are recorded as deleted.
///
/// Before all that, files whose grace is over are purged, and with soft delete what is old is marked instead of removed: see soft_delete.h. Files that are marked are left alone. The audit server is asked of these files, too: one that it
/// has as stored, and of which nothing is still to be told, was restored by somebody else since. It is told of as kept, and recorded as stored again.
///
/// At the end what uploads have left that never ended is removed (CleanupRequest::uploads_older_than).
///
/// Files that are being stored or removed are left out, and two runs at once do no harm. A run that is ended or killed is gone on with by the next one. Memory does not grow
/// with the store: files are looked at and removed in batches of up to 1000.
///
/// All types of this header are values: any thread may read one while none changes it.

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "filestore/backend.h"
#include "filestore/call.h"
#include "filestore/export.h"
#include "filestore/file_id.h"
#include "filestore/result.h"
#include "filestore/time.h"

namespace filestore {

/// What became of an old file.
enum class CleanupOutcome {
    /// Or would be, in a dry run.
    removed,
    /// Recorded as stored, but not there. It is recorded as deleted; in a dry run it would be.
    already_gone,
    /// The store says that it is newer than its record, or does not say how old it is, or it was stored anew while it was to be removed; or the audit server says that it is new, or deleted, or has no time of its upload, or of a deleted file that it is stored.
    kept,
    /// It could not be looked at or removed. The next run tries again.
    failed,
    /// It was deleted before, and its grace is over: its bytes are removed, or would be in a dry run. `size` is as it was when it was deleted.
    purged,
};

/// "removed", "already_gone", "kept", "failed", "purged".
[[nodiscard]] FILESTORE_API std::string_view to_string(CleanupOutcome outcome) noexcept;

struct CleanupFile {
    FileId id{};
    CleanupOutcome outcome = CleanupOutcome::removed;
    /// Empty where the file is gone, could not be looked at, or has lost its metadata.
    std::string original_path{};
    /// Bytes.
    std::uint64_t size = 0;
    /// When it was stored.
    Timestamp stored_at{};
    /// Why it was kept, or what failed.
    std::optional<Error> reason{};
};

struct CleanupRequest {
    /// 1 to 36500; a day has 24 hours.
    unsigned days = 30;
    /// Removes and records nothing, but tells what would be removed.
    bool dry_run = false;
    /// Goes on where the store holds nothing of what is recorded, and records what is gone as deleted.
    bool accept_missing = false;
    /// Uploads that were begun in this store, in parts, and have not ended for so long are ended, and their parts freed, unless the catalogue knows them to be under way; see
    /// StorageBackend::sweep_uploads_async. Those of processes with a catalogue of their own are told from dead ones by their age alone. 0 to 100 years.
    std::chrono::seconds uploads_older_than{7 * 24 * 3600};
    /// Tells CleanupReport::kept_versions.
    bool count_versions = false;
    /// Called for every old file and every file that is purged, on a library thread, never twice at a time. A failure ends the run and comes back unchanged; what was removed stays so.
    std::function<Result<void>(const CleanupFile&)> on_file{};
    /// `call.progress` is not used.
    CallOptions call{};
};

struct CleanupReport {
    std::uint64_t removed = 0;
    /// Of the removed files. With soft delete their space is free once they are purged.
    std::uint64_t bytes = 0;
    /// Of the bytes that were removed from the store: it keeps them as older versions, so that their space is not free (a bucket with versions).
    std::uint64_t bytes_in_versions = 0;
    std::uint64_t already_gone = 0;
    std::uint64_t kept = 0;
    std::uint64_t failed = 0;
    /// Uploads that were ended, or would be: also those that come piece by piece (resumable_upload.h) and whose time was over, which a dry run does not count. None where the server or its permissions do not let them be listed.
    std::uint64_t stale_uploads = 0;
    /// Deleted files whose grace was over.
    std::uint64_t purged = 0;
    /// Of the purged files.
    std::uint64_t bytes_purged = 0;
    /// What the store still has of older versions after the run, whoever made them, or has now where it is a dry run: see StorageBackend::kept_versions_async. Nothing where it was not asked for, or where the server or its permissions do not let versions be listed.
    std::optional<KeptVersions> kept_versions{};

    friend bool operator==(const CleanupReport&, const CleanupReport&) = default;
};

}  // namespace filestore
