#pragma once

/// Uploads that come piece by piece, on disk. Functions of this header are thread-safe and block.
///
/// Three names belong to one, in `<base>/.filestore/uploads`, where nobody else looks:
///
///     <id>.json       its record (core/upload_record.h): the upload is there when this name is
///     <id>.data       the bytes; their number is the offset
///     <id>.mark       the offset that counts while bytes come of which all or none are to stay; a decimal number
///
/// Whoever appends, publishes or sweeps holds the lock of <id>.data (flock), which ends with its process. Made in the order data, json; removed in the order json, mark, data. An offset is told only once the bytes
/// before it are flushed, in the modes `full` and `data`; the names in `full` only. A last byte is as old as <id>.data is.
///
/// A file is made of the bytes by another name for them (see commit.h, where they are linked to d), so that they are not copied; <id>.data goes after that. Nothing is appended to bytes that have all arrived, which the
/// length in the record tells. An upload is ended under the lock of its file (store.h), under which the file gets its name: of the two one comes to nothing.

#include <optional>
#include <string>
#include <vector>

#include "core/upload_record.h"
#include "local/store.h"

namespace filestore::local {

/// An upload whose lock is held. A resource (movable); one thread at a time.
struct HeldUpload {
    UploadRecord record;
    Descriptor data;
    std::uint64_t offset = 0;
    /// As PartialUpload::expires_at.
    Timestamp last_byte{};
};

/// `already_exists`.
[[nodiscard]] Result<PartialUpload> begin_partial(const Store& store, const BeginUploadRequest& request);

/// Takes back what was to stay as a whole, and did not become whole. `conflict`, `not_found`.
[[nodiscard]] Result<HeldUpload> hold_partial(const Store& store, const FileId& id, Timestamp now);

/// What is there, on the disk.
[[nodiscard]] Result<PartialUpload> look_at_partial(const Store& store, const FileId& id, Timestamp now);

[[nodiscard]] Result<void> write_record(const Store& store, const UploadRecord& record);

/// From now on the bytes behind the offset count only once remove_mark() has returned.
[[nodiscard]] Result<void> set_mark(const Store& store, const HeldUpload& upload);
[[nodiscard]] Result<void> remove_mark(const Store& store, const FileId& id);

/// Takes back what came behind the offset.
[[nodiscard]] Result<void> cut_partial(const Store& store, const HeldUpload& upload);

/// Has the bytes on the disk, where the store's durability wants that; `not_found` where the upload was ended meanwhile.
[[nodiscard]] Result<void> flush_partial(const Store& store, const HeldUpload& upload);

/// For whoever makes the file of it, before that has its name. The file's lock (store.h) is held, so that nobody ends the upload meanwhile: `not_found` where somebody has.
[[nodiscard]] Result<void> check_not_ended(const Store& store, const FileId& id);

/// False where there was none, or it is a file already. Waits for the file's lock, as `limits` say.
[[nodiscard]] Result<bool> end_partial(const Store& store, const FileId& id, const CallOptions& limits);

[[nodiscard]] Result<std::vector<FileId>> sweep_partials(const Store& store, Timestamp now);

}  // namespace filestore::local
