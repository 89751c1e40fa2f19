#pragma once

/// A row of the catalogue's table `file_uploads`.

#include <optional>
#include <string>

#include "filestore/file_id.h"
#include "filestore/metadata.h"
#include "filestore/time.h"

namespace filestore {

class SqliteQuery;

/// A value.
struct CatalogueRow {
    FileId id;
    std::string file_path;
    Metadata metadata;
    /// Nothing for a file whose upload was never recorded.
    std::optional<Timestamp> uploaded_at;
    std::optional<Timestamp> deleted_at;
};

/// The time in a column, which may be NULL. False where the value is damaged.
[[nodiscard]] bool read_time(const SqliteQuery& row, int column, std::optional<Timestamp>& time);

/// From the columns `file_path`, `metadata`, `uploaded_at`, `deleted_at`, which begin at `first`. Nothing where any of the values cannot be read.
[[nodiscard]] std::optional<CatalogueRow> read_catalogue_row(const FileId& id, const SqliteQuery& row,
                                                             int first);

}  // namespace filestore
