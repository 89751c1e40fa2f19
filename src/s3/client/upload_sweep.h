#pragma once

/// Finds multipart uploads that were left behind, and aborts them.

#include "s3/client/core.h"

namespace filestore::s3 {

using AcceptsKey = std::function<bool(std::string_view key)>;

/// `accepts` narrows the uploads that are meant, where it is not empty.
void sweep_uploads(ClientCore& core, S3SweepRequest request, AcceptsKey accepts,
                   Completion<std::vector<S3PendingUpload>> done);

/// Aborts every upload to exactly this key, however young.
void abort_uploads_to(ClientCore& core, std::string bucket, std::string key, bool requester_pays,
                      const CallOptions& options, Completion<std::vector<S3PendingUpload>> done);

}  // namespace filestore::s3
