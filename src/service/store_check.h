#pragma once

/// Whether a store is the one that the record tells of. A directory whose disk is not mounted, and a wrong bucket, look like a store all of whose files are gone.

#include <functional>
#include <vector>

#include "service/operations.h"

namespace filestore {

/// Looks for some recorded files, none where the caller has found none of his, and then lists a page of the store: one of these files, or one of the page that the catalogue or the audit server knows, shows that
/// the store is theirs. Where there is none although 20 files or more are recorded as stored, or as deleted with their bytes kept, the check fails with `precondition_failed`. `done` is called once, on a library
/// thread, perhaps before this returns. May throw std::bad_alloc; nothing is called then.
void check_store(const ServiceParts& parts, const CallOptions& limits, std::vector<FileId> recorded,
                 std::function<void(const Result<void>&)> done);

}  // namespace filestore
