#pragma once

/// Removes a batch of files from a store that has no batches.

#include "filestore/backend.h"

namespace filestore {

/// Whether what failed for one file, such as its removal, did so by no fault of that file, so that those that follow would fare no better. After `cancelled` the store may be gone when its last
/// call is answered.
[[nodiscard]] bool ends_the_rest(const Error& error) noexcept;

/// What StorageBackend::remove_batch_async promises, by remove_async(), a few at a time. The backend lives until its calls are answered.
void remove_one_by_one(StorageBackend& backend, RemoveBatchRequest request,
                       Completion<std::vector<RemovalOutcome>> done);

}  // namespace filestore
