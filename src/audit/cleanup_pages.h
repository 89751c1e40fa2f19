#pragma once

/// The statements that give a cleanup its pages. Each goes in the order of an index, so that a page costs what it holds, however many rows there are.

#include "audit/busy.h"

namespace filestore {

/// ?1 and ?2: see FILESTORE_BUSY. Uploaded before ?3, behind (?4, ?5); by the index stored_by_upload.
inline constexpr const char* uploads_before =
    "SELECT file_id, uploaded_at FROM file_uploads "
    "WHERE deleted_at IS NULL AND uploaded_at < ?3 AND (uploaded_at, file_id) > (?4, ?5) AND "
    "NOT " FILESTORE_BUSY("file_uploads.file_id") " ORDER BY uploaded_at, file_id LIMIT ?6";

/// ?1 and ?2: see FILESTORE_BUSY. To be purged at ?3, behind (?4, ?5); by the index soft_deleted_by_end. What is being removed is somebody's work already.
inline constexpr const char* page_of_due =
    "SELECT soft_deleted.file_id, until, size, ifnull(file_path, ''), uploaded_at, soft_deleted.checksum "
    "FROM soft_deleted LEFT JOIN file_uploads ON file_uploads.file_id = soft_deleted.file_id "
    "WHERE until <= ?3 AND (until, soft_deleted.file_id) > (?4, ?5) AND "
    "NOT " FILESTORE_BUSY("soft_deleted.file_id") " ORDER BY until, soft_deleted.file_id LIMIT ?6";

}  // namespace filestore
