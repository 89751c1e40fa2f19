#pragma once

/// Copies of S3Client.

#include "s3/client/core.h"

namespace filestore::s3 {

void copy(ClientCore& core, S3CopyRequest request, Completion<S3CopyResult> done);

}  // namespace filestore::s3
