#pragma once

/// Rows as PostgREST gives them. Pure functions.

#include <optional>
#include <string_view>
#include <vector>

#include "audit/catalogue_row.h"
#include "audit/postgrest/page_request.h"
#include "filestore/result.h"

namespace filestore::postgrest {

/// A row with what is no time at all (one before our era, a text), and what to say of it. A value.
struct UntimedRow {
    FileId id;
    Error reason;
};

/// A value.
struct RowPage {
    /// Those whose `file_id` is no ID of ours are left out; metadata that cannot be read are empty, as NULL is. A time may be `least_time` or `greatest_time`, and is the beginning of a day where a column holds those.
    std::vector<CatalogueRow> rows;
    std::vector<UntimedRow> untimed;
    /// Of the last row, also where that is none of ours; nothing where there was no row.
    std::optional<RowPlace> last;
};

/// The answer to a request of page_request.h. `corrupt` where it is no such answer.
[[nodiscard]] Result<RowPage> read_page(std::string_view body);

}  // namespace filestore::postgrest
