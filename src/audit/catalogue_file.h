#pragma once

/// Opens the catalogue's SQLite file: makes it and its tables where they are missing, and refuses what is not a catalogue.

#include <cstdint>
#include <string>

#include "audit/sqlite.h"
#include "filestore/result.h"

namespace filestore {

/// Of the tables of this library.
inline constexpr std::int64_t catalogue_version = 9;
/// "FsCa": tells a catalogue from any other SQLite file.
inline constexpr std::int64_t catalogue_application_id = 0x46734361;

/// `path` is absolute. The file is made with mode 0600 and missing directories with 0700. A file that is not a catalogue is not
/// changed. Failures: see Catalogue::open.
[[nodiscard]] Result<SqliteConnection> open_catalogue_file(const std::string& path);

/// The directory in which a damaged catalogue is replaced; while it is there the catalogue is not opened.
[[nodiscard]] inline std::string salvage_directory(const std::string& path) {
    return path + ".salvage";
}

}  // namespace filestore
