#pragma once

/// The exporter of the store that a command works with, and what is shown of copies.

#include <string>

#include "filestore/file_exporter.h"
#include "session.h"

namespace filestore::tool {

/// `configuration` where the catalogue, which keeps track of copies, is off.
[[nodiscard]] Result<FileExporter> open_exporter(const Session& session);

/// Of a provider by its name, or by its name and the URL that is not its own.
[[nodiscard]] std::string named_place(const ProviderCopy& copy);

/// Says what is still to be done of copies.
void report_waiting(const SettleReport& settled);

}  // namespace filestore::tool
