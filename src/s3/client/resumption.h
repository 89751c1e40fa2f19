#pragma once

/// Uploads that are gone on with by a token.

#include "s3/client/core.h"
#include "s3/transfer/object_upload.h"

namespace filestore::s3 {

/// Makes `upload`, whose target has bucket and key, go on with the one that the token names. `invalid_argument` where that is of another object, or
/// of another size than the source.
[[nodiscard]] Result<void> resume(ObjectUpload& upload, const std::string& token);

void abort_upload(ClientCore& core, const S3AbortUploadRequest& request, Completion<void> done);

}  // namespace filestore::s3
