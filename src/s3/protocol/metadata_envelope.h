#pragma once

/// The JSON that `x-amz-meta-filestore` holds as base64: {"original_path": "...", "size": 5, "metadata": {...}}. Pure functions.

#include <string>
#include <string_view>

#include "filestore/result.h"
#include "s3/protocol/object_metadata.h"

namespace filestore::s3 {

/// The parts of `object`, without those that are empty; the empty text where all are. `original_path` must be UTF-8.
[[nodiscard]] std::string to_envelope(const ObjectMetadata& object);

/// `corrupt` for anything but an object whose `original_path` is text, whose `size` is a whole number and whose `metadata` is an
/// object, as far as they are there. Members with other names are skipped: newer versions may write them.
[[nodiscard]] Result<ObjectMetadata> from_envelope(std::string_view json);

}  // namespace filestore::s3
