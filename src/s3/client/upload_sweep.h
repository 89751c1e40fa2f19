#pragma once

/// Finds multipart uploads that were left behind, and aborts them.

#include "s3/client/core.h"

namespace filestore::s3 {

void sweep_uploads(ClientCore& core, S3SweepRequest request, Completion<std::vector<S3PendingUpload>> done);

}  // namespace filestore::s3
