#pragma once

/// Removes many objects with few requests.

#include "s3/client/core.h"

namespace filestore::s3 {

void remove_batch(ClientCore& core, S3RemoveBatchRequest request,
                  Completion<std::vector<S3RemoveBatchEntry>> done);

}  // namespace filestore::s3
