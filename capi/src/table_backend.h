#pragma once

#include <memory>

#include "filestore.h"
#include "filestore/backend.h"
#include "filestore/executor.h"
#include "filestore/time.h"

namespace filestore::capi {

/// A backend over the functions of a C caller, which may be of an older header than this one. Takes `context` over, also where it fails, unless the table has no room for its `destroy`. `executor` may be null.
[[nodiscard]] Result<std::shared_ptr<StorageBackend>> backend_over(const filestore_backend_table* given,
                                                                   void* context,
                                                                   std::shared_ptr<Executor> executor,
                                                                   std::shared_ptr<Clock> clock);

}  // namespace filestore::capi
