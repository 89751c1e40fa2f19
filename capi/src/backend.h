#pragma once

#include <memory>

#include "handles.h"

namespace filestore::capi {

/// A new handle on a backend; the caller of the C function closes it.
[[nodiscard]] filestore_backend* make_backend(std::shared_ptr<StorageBackend> backend);

}  // namespace filestore::capi
