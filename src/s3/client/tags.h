#pragma once

/// The tags of objects.

#include "s3/client/core.h"

namespace filestore::s3 {

void get_tags(ClientCore& core, S3TagsRequest request, Completion<std::vector<S3Field>> done);
void put_tags(ClientCore& core, S3TagsRequest request, Completion<void> done);

}  // namespace filestore::s3
