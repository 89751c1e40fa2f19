#pragma once

/// Whether store, catalogue and audit server disagree on a file. Pure functions.

#include <optional>
#include <string>

#include "filestore/reconcile.h"

namespace filestore {

/// What a record says of a file.
enum class Recorded { unknown, stored, deleted };

/// A value.
struct Views {
    bool is_there = false;
    Recorded by_catalogue = Recorded::unknown;
    /// Nothing where there is no server.
    std::optional<Recorded> by_server{};
};

/// Nothing where they agree. A deletion that only the server tells of is agreed on where the file is not there: the catalogue need not know it.
[[nodiscard]] std::optional<Drift> drift_of(const Views& views) noexcept;

/// One line.
[[nodiscard]] std::string describe(const Views& views);

}  // namespace filestore
