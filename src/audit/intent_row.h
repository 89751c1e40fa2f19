#pragma once

/// A row of the catalogue's table `intents`. Pure functions.

#include <optional>
#include <string_view>

#include "audit/catalogue.h"

namespace filestore {

class SqliteQuery;

/// As the column has it: "upload", "removal", "undo".
[[nodiscard]] std::string_view name_of(Operation operation) noexcept;

/// From all columns of the table, in their order, which begin at `first`; an older version has no checksum. Nothing where any of the values cannot be read, or is not as it was written.
[[nodiscard]] std::optional<Intent> read_intent(const SqliteQuery& row, int first);

}  // namespace filestore
