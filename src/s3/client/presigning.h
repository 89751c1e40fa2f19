#pragma once

/// URLs and forms that carry a signature.

#include "s3/client/core.h"

namespace filestore::s3 {

void presign(ClientCore& core, const S3PresignRequest& request, Completion<PresignedUrl> done);
void presign_post(ClientCore& core, const S3PresignPostRequest& request, Completion<S3PresignedPost> done);

/// `invalid_argument` outside of 1 second to 7 days (AWS SigV4 reference, X-Amz-Expires).
[[nodiscard]] Result<void> check_expiry(std::chrono::seconds expires);

}  // namespace filestore::s3
