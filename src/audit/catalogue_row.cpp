#include "audit/catalogue_row.h"

#include <utility>

#include "audit/sqlite.h"
#include "core/stored_metadata.h"

namespace filestore {

bool read_time(const SqliteQuery& row, int column, std::optional<Timestamp>& time) {
    if (row.is_null(column)) {
        return true;
    }
    auto parsed = parse_timestamp(row.text(column));
    if (!parsed.ok()) {
        return false;
    }
    time = *parsed;
    return true;
}

std::optional<CatalogueRow> read_catalogue_row(const FileId& id, const SqliteQuery& row, int first) {
    CatalogueRow answer;
    answer.id = id;
    answer.file_path = row.text(first);
    auto metadata =
        row.is_null(first + 1) ? Result<Metadata>(Metadata()) : StoredMetadata::read(row.text(first + 1));
    if (!metadata.ok() || !read_time(row, first + 2, answer.uploaded_at) ||
        !read_time(row, first + 3, answer.deleted_at)) {
        return std::nullopt;
    }
    answer.metadata = std::move(*metadata);
    return answer;
}

}  // namespace filestore
