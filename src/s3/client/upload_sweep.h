#pragma once

/// Finds multipart uploads that were left behind, and aborts them.

#include "s3/client/core.h"

namespace filestore::s3 {

void sweep_uploads(ClientCore& core, S3SweepRequest request, Completion<std::vector<S3PendingUpload>> done);

/// Aborts every upload to exactly this key, however young.
void abort_uploads_to(ClientCore& core, std::string bucket, std::string key, bool requester_pays,
                      const CallOptions& options, Completion<std::vector<S3PendingUpload>> done);

}  // namespace filestore::s3
