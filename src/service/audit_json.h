#pragma once

/// The JSON forms of what is told of the audit trail, and of deleted files, which the C API and the command both answer. Pure functions.

#include <string>

#include "filestore/audit.h"
#include "filestore/reconcile.h"
#include "filestore/salvage.h"
#include "filestore/soft_delete.h"

namespace filestore {

/// One compact JSON object: `pending`, `parked`, `delivered`, and `oldest` where something is pending.
[[nodiscard]] std::string to_json(const AuditStatus& status);

/// One compact JSON object: `file_id`, `parked_at`, `reason`.
[[nodiscard]] std::string to_json(const ParkedFile& file);

/// One compact JSON object: `file_id`, `file_path`, `metadata`, `uploaded_at`, `deleted_at`; a time that there is not is null.
[[nodiscard]] std::string to_json(const FileHistory& history);

/// One compact JSON object: `files`, an array of those, and `next`, which is null after the last page.
[[nodiscard]] std::string to_json(const RecordedFilesPage& page);

/// One compact JSON object: `file_id`, `original_path`, `size`, `deleted_at`, `until`.
[[nodiscard]] std::string to_json(const DeletedFile& file);

/// One compact JSON object: `files`, an array of those, and `next`, which is null after the last page.
[[nodiscard]] std::string to_json(const DeletedFilesPage& page);

/// One compact JSON object: `file_id`, `drift`, `what`, `repaired`, and `reason` where there is one.
[[nodiscard]] std::string to_json(const DriftFinding& finding);

/// One compact JSON object: `files`, `unrecorded`, `marked_deleted`, `missing`, `untold`, `repaired`, `failed`, `left_out`.
[[nodiscard]] std::string to_json(const ReconcileReport& report);

/// One compact JSON object: `was_damaged`, an object with `salvaged`, `unreadable` and `has_gap` for each of `file_uploads`, `intents`, `outbox`, `parked` and `soft_deleted`, and `set_aside`.
[[nodiscard]] std::string to_json(const SalvageReport& report);

}  // namespace filestore
