#pragma once

/// Listings of S3Client, a page at a time.

#include "s3/client/core.h"

namespace filestore::s3 {

void list(ClientCore& core, S3ListRequest request, Completion<S3ListPage> done);
void list_versions(ClientCore& core, S3ListRequest request, Completion<S3VersionPage> done);

}  // namespace filestore::s3
