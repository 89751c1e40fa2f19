#pragma once

/// The requests by which the audit table of a Supabase project is read from end to end, in pages. Pure functions.
///
/// A server gives as few rows as it likes (Supabase: 1000) and does not say so. A page therefore begins behind the last row of the one before, by the values that rows are ordered
/// by, and only an empty one is the end.

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "audit/postgrest/request.h"
#include "filestore/result.h"
#include "filestore/time.h"

namespace filestore::postgrest {

/// A row's place in either order. A value.
struct RowPlace {
    /// Not looked at in the order of IDs.
    Timestamp uploaded_at{};
    /// As the table has it, which need not be an ID of ours.
    std::string file_id;
    /// What the table has in place of a time, where it has what is none.
    std::string no_time{};
};

/// Which columns are asked for.
enum class Detail {
    /// All but the metadata.
    brief,
    whole,
};

/// The rows of files that were uploaded before a time and are not deleted, in the order of time and ID. Fails as check_table().
[[nodiscard]] Result<Request> read_uploaded_before(std::string_view table, Timestamp before,
                                                   const std::optional<RowPlace>& behind, Detail detail,
                                                   std::size_t most);

/// All rows, without their metadata, in the order of the IDs. Fails as check_table().
[[nodiscard]] Result<Request> read_by_id(std::string_view table, const std::optional<RowPlace>& behind,
                                         std::size_t most);

/// The rows of these IDs. At most `most_ids_to_read`; fails as change_deleted().
[[nodiscard]] Result<Request> read_rows_of(std::string_view table, std::span<const FileId> ids,
                                           Detail detail);

}  // namespace filestore::postgrest
