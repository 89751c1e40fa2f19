#pragma once

/// Opens the catalogue's SQLite file: makes it and its tables where they are missing, and refuses what is not a catalogue.

#include <string>

#include "audit/sqlite.h"
#include "filestore/result.h"

namespace filestore {

/// `path` is absolute. The file is made with mode 0600 and missing directories with 0700. A file that is not a catalogue is not
/// changed. Failures: see Catalogue::open.
[[nodiscard]] Result<SqliteConnection> open_catalogue_file(const std::string& path);

}  // namespace filestore
