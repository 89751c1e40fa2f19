#pragma once

/// Buckets that keep versions of what is removed: whether one does, and how to free them.

#include <string>
#include <vector>

#include "s3/client/core.h"

namespace filestore::s3 {

/// Of a bucket. A value.
struct BucketCall {
    std::string bucket;
    bool requester_pays = false;
    CallOptions options{};
};

/// True also for a bucket that has only ceased to: it has the old ones.
void keeps_versions(ClientCore& core, BucketCall call, Completion<bool> done);

/// Removes all versions and markers of objects. Answers for each key, in their order, whether that was done.
void purge_versions(ClientCore& core, BucketCall call, std::vector<std::string> keys,
                    Completion<std::vector<bool>> done);

}  // namespace filestore::s3
