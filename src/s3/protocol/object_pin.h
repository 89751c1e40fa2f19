#pragma once

/// How a broken download goes on, with the same object only. Pure functions.

#include <cstdint>
#include <string>
#include <vector>

#include "filestore/backend.h"
#include "filestore/result.h"
#include "s3/protocol/answer_head.h"
#include "s3/protocol/uri.h"

namespace filestore::s3 {

/// Which object an answer's body is of: what pins a resumed download. A value.
struct ObjectPin {
    /// Without quotes; empty where the server sends none, or a weak one, which pins no bytes.
    std::string etag;
    /// Empty where the bucket has no versions.
    std::string version_id;
    std::uint64_t object_size = 0;
};

/// From the head of the first answer.
[[nodiscard]] ObjectPin pin_of(const BodyExtent& extent, const std::vector<NameValue>& headers);

/// The extent of an answer that goes on with a download: as body_extent(), and `conflict` where it is of another object than `pin`: another ETag, version
/// or size. Without an ETag to compare, too: bytes of two objects are never mixed.
[[nodiscard]] Result<BodyExtent> resumed_extent(const ObjectPin& pin, const ByteRange& asked, int status,
                                                const std::vector<NameValue>& headers);

}  // namespace filestore::s3
