#pragma once

/// Removes a batch of files from a store that has no batches.

#include "filestore/backend.h"

namespace filestore {

/// What StorageBackend::remove_batch_async promises, by remove_async(), a few at a time. The backend lives until its calls are answered.
void remove_one_by_one(StorageBackend& backend, RemoveBatchRequest request,
                       Completion<std::vector<RemovalOutcome>> done);

}  // namespace filestore
