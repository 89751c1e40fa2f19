#pragma once

#include <memory>

#include "filestore/service.h"

namespace filestore {

/// Opens the store that the options name. It shares the executor, which may be null, and the clock of the options, unless it was given its own.
[[nodiscard]] Result<std::shared_ptr<StorageBackend>> open_store(const ServiceOptions& options,
                                                                 const std::shared_ptr<Executor>& executor);

}  // namespace filestore
