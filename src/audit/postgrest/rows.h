#pragma once

/// Rows as PostgREST gives them. Pure functions.

#include <string_view>
#include <vector>

#include "audit/catalogue_row.h"
#include "filestore/result.h"

namespace filestore::postgrest {

/// The answer to read_rows_of(). Rows whose `file_id` is no ID of ours are left out; metadata that cannot be read are empty, as NULL is. `corrupt` where it is no such answer.
[[nodiscard]] Result<std::vector<CatalogueRow>> read_rows(std::string_view body);

}  // namespace filestore::postgrest
