#pragma once

#include <memory>

#include "filestore.h"
#include "filestore/executor.h"

namespace filestore::capi {

/// An executor over a C caller's function; none for a null one.
[[nodiscard]] std::shared_ptr<Executor> executor_over(filestore_execute_function execute, void* context);

}  // namespace filestore::capi
