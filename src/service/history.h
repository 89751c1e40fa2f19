#pragma once

/// What is recorded of files, by the audit server where there is one, else by the catalogue. Blocks.

#include "filestore/audit.h"
#include "service/operations.h"

namespace filestore {

/// Of `limits` the deadline and the cancellation count, here and below.
[[nodiscard]] Result<FileHistory> read_history(const ServiceParts& parts, const FileId& id,
                                               const CallOptions& limits);

[[nodiscard]] Result<RecordedFilesPage> read_recorded_files(const ServiceParts& parts,
                                                            const RecordedFilesRequest& request);

/// Of the catalogue alone.
[[nodiscard]] Result<CataloguedFilesPage> read_catalogued_files(const ServiceParts& parts,
                                                                const CataloguedFilesRequest& request);

}  // namespace filestore
