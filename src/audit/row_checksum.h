#pragma once

/// The checksums of rows of `file_uploads` and of `intents`, by which a changed byte is found when they are read. Pure functions.

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>
#include <string_view>

#include "audit/sqlite.h"
#include "core/checksum/crc.h"

namespace filestore {

/// What an intent has in place of one where an older version of the library has made or changed it; a row of a file has NULL. It counts as it is.
inline constexpr std::int64_t unsealed_intent = -1;

/// What is NULL differs from what is empty, and no byte can change columns.
[[nodiscard]] inline std::int64_t checksum_of_columns(
    std::string_view file_id, std::initializer_list<std::optional<std::string_view>> columns) {
    const auto extend = [](std::uint64_t crc, std::string_view text) {
        return update_crc(CrcAlgorithm::crc32c, crc, std::as_bytes(std::span(text)));
    };
    std::uint64_t crc = extend(0, file_id);
    for (const auto& column : columns) {
        crc = extend(crc, column ? std::string_view("\0t", 2) : std::string_view("\0n", 2));
        crc = extend(crc, column.value_or(std::string_view()));
    }
    return static_cast<std::int64_t>(crc);
}

/// Of a row of `file_uploads` whose columns `file_path`, `metadata`, `uploaded_at`, `deleted_at` begin at `first`.
[[nodiscard]] inline std::int64_t checksum_of_row(std::string_view file_id, const SqliteQuery& row,
                                                  int first) {
    const NullableText path = row.nullable(first);
    const NullableText metadata = row.nullable(first + 1);
    const NullableText uploaded_at = row.nullable(first + 2);
    const NullableText deleted_at = row.nullable(first + 3);
    return checksum_of_columns(file_id, {path.text, metadata.text, uploaded_at.text, deleted_at.text});
}

/// Whether what stands in a column of such a row is its checksum, or NULL.
[[nodiscard]] inline bool is_as_sealed(std::string_view file_id, const SqliteQuery& row, int first,
                                       int checksum) {
    return row.is_null(checksum) || row.number(checksum) == checksum_of_row(file_id, row, first);
}

/// Of an intent's columns as they stand in the table; whose it is may change.
[[nodiscard]] inline std::int64_t checksum_of_intent(std::string_view file_id, std::string_view operation,
                                                     std::string_view file_path, std::string_view metadata,
                                                     std::string_view begun_at) {
    return checksum_of_columns(file_id, {operation, file_path, metadata, begun_at});
}

}  // namespace filestore
