#pragma once

/// The commit protocol: how a file comes, is replaced and goes, so that a crash at any instant leaves the old or the new one, whole and with its metadata.
///
/// Five names belong to a file:
///
///     D   <base>/<id>                              the bytes: the file is there when this name is
///     M   <base>/metadata/<id>.json                the sidecar (where a sharded store has D and M, places.h says)
///     d   <base>/.filestore/staging/<id>.data      bytes on their way in or out
///     m   <base>/.filestore/staging/<id>.json      a sidecar on its way in
///     n   <base>/.filestore/staging/<id>.draft     a sidecar that is being written
///
/// Whoever makes, moves or removes any of them holds the file's lock (store.h) and has settled the file first, so that an operation begins without d,
/// m and n. D and m come by one rename, from what is complete and flushed. What settle() makes of a crash after each step:
///
///     A new file                                                         after a crash
///     1. the bytes are staged without a name, and written out            nothing is there
///     2. lock; settle; D is not there
///     3. d is linked to the bytes; M is made and written                 taken back: M and d are removed
///     4. d and M are flushed; flush metadata/                            the same
///     5. d is renamed to D, which must not be there; flush base/         the new file is there
///
///     A replacement: 1 and 2 as above, but D is there
///     3. d is linked to the bytes; n is made and written                 taken back: n and d are removed, the old file is there
///     4. d and n are flushed                                             the same
///     5. n is renamed to m; flush staging/: the commit point             carried out: 6 and 7 follow
///     6. d is renamed to D; flush base/                                  carried out: 7 follows
///     7. m is renamed to M; flush metadata/                              the new file is there
///
///     Of few bytes, that are in memory, 1 is left out: at 3 d is made and written.
///
///     A removal
///     1. lock; settle; D is there
///     2. D is renamed to d; flush base/                                  carried out: M and d are removed, nothing is there
///     3. M is removed; flush metadata/                                   the same
///     4. d is removed                                                    nothing is there
///
/// So d without m and D means that M goes, then d; d with D and without m that d goes; m with d that d becomes D and m becomes M; m without d that m becomes M. n goes
/// before d, without which it never is.
///
/// A flush of a file without a name may keep nothing of it (btrfs), so bytes are flushed under a name. They are on the disk already then, but for what the file
/// system keeps of them, so that the lock is not held for as long as that takes.
///
/// Files are flushed in the modes `full` and `data`, directories in `full` only. Without the directories' flushes the steps become durable when
/// the file system likes, in their order: the file systems that keep a journal or a log (ext4, xfs, btrfs) make the names of one directory durable in the order in
/// which they came. That order is also what the names of a replacement in staging/ count on, which one flush makes durable together. A flush that failed is
/// never tried again: the operation fails, and what can be taken back is; where it cannot, the outcome is not known.
///
/// A new file waits for the disk twice: d, M and metadata/ have all been changed when the first of them is flushed, so that one commit of the
/// journal or log carries them. The two contents of a replacement share one as well. No other two flushes can: of two steps the second alone might be durable, and D and M be
/// of two uploads, or D without M.
///
/// M never stays without d where all names have one order (ext4, xfs), as d comes first. btrfs may keep M alone where another upload flushes metadata/ between 3 and 4: nobody
/// asks for such an M, an upload of the same ID takes its place, and `filestore verify` finds it.
///
/// In a store that is being converted D and M may be in their old places. Settling a file brings them to the new ones before anything else, D by one rename and
/// M by another one, so that an operation has to do with the new places only. A crash between the two leaves either where it is.
///
/// A reader that finds m knows that D and M may be of two uploads; it takes the lock and settles first. One that only compares the sizes of D and M looks for m
/// where they differ. The original system, which knows
/// none of this, sees the new bytes with the old sidecar between 6 and 7, and M without D, which it does not look at.
///
/// What the operations of the backend ask of the system for a file of 4 KiB, in a flat store that is in use: calls in the modes `none`, `data` and `full`, and
/// which they are in `full` (a file's state is newfstatat here, its lock fcntl; `unchecked` is a download with DownloadCheck::none):
///
///                  none  data  full
///     upload         14    17    19   2 close, 2 fcntl, 4 fsync, 3 newfstatat, 2 openat, renameat2, 2 rt_sigprocmask, sync_file_range, 2 write
///     replacement    17    20    23   2 close, 2 fcntl, 5 fsync, 4 newfstatat, 2 openat, 3 renameat, 2 rt_sigprocmask, sync_file_range, 2 write
///     removal         9     9    11   2 fcntl, 2 fsync, 4 newfstatat, renameat, 2 unlinkat
///     download        8     8     8   2 close, 2 newfstatat, 2 openat, pread64, read
///     unchecked       4     4     4   close, newfstatat, openat, pread64
///     metadata        7     7     7   close, 4 newfstatat, openat, read
///     exists          1     1     1   newfstatat
///
/// Functions of this header are thread-safe and block; all but stage() are called with the file's lock held.

#include <optional>
#include <string>
#include <string_view>

#include "core/staged_file.h"
#include "filestore/file_id.h"
#include "filestore/result.h"
#include "local/store.h"

namespace filestore::local {

/// An empty file without a name, or with a hidden one in staging/.
[[nodiscard]] Result<StagedFile> stage(const Store& store);

/// Has the content of a staged file on the disk, where the store's durability wants it there once the file has a name.
[[nodiscard]] Result<void> write_out_staged(const Store& store, const StagedFile& file);

/// What an upload brings. A resource; one thread at a time.
struct NewContent {
    /// The bytes, written out; where there is no such file they are few, and in `small`.
    std::optional<StagedFile> staged{};
    std::string small{};
    /// The text of the sidecar.
    std::string sidecar{};
};

/// Steps 3 to 5 of a new file. `already_exists` where D has come meanwhile, from a program that takes no lock. On failure nothing new is there, but for
/// `outcome_unknown`: the new file is, as it could not be taken back, or may be after power loss.
[[nodiscard]] Result<void> publish_new(const Store& store, const FileId& id, const NewContent& content);

/// Steps 3 to 7 of a replacement. On failure the old file is there, but for `outcome_unknown`: the new one is, or may be once the file is settled, and may
/// not survive power loss.
[[nodiscard]] Result<void> replace(const Store& store, const FileId& id, const NewContent& content);

/// Steps 2 to 4 of a removal. False where D is not there; a sidecar that was left goes too. `outcome_unknown` where D is gone and what follows failed: it
/// is settled later, and may be there again after power loss. Where a full disk has no place for d, D is removed
/// at once, and a crash may leave an M that nobody asks for.
[[nodiscard]] Result<bool> take_away(const Store& store, const FileId& id);

/// Ends what a crash left of an operation on the file, as the table says. Begins with bring_home() (places.h).
[[nodiscard]] Result<void> settle(const Store& store, const FileId& id);

/// As much of it as an upload needs before it looks for D: d without m says nothing about D, and publish_new() and replace() settle it where it is in their way.
[[nodiscard]] Result<void> settle_replacement(const Store& store, const FileId& id);

/// Whether a replacement of the file is being carried out, or has to be: m is there. Asked without the lock.
[[nodiscard]] Result<bool> is_being_replaced(const Store& store, const FileId& id);

/// The file whose operation a name in staging/ records.
[[nodiscard]] std::optional<FileId> id_of_record(std::string_view name);

}  // namespace filestore::local
