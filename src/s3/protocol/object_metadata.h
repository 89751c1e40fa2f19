#pragma once

/// How metadata travels in the headers of an object. Pure functions.
///
/// A string value of printable ASCII (not empty, no blank at either end, no "=?") under a key of `[a-z0-9.-]+` is `x-amz-meta-KEY`.
/// Everything else, and the original path, is base64 of a JSON object in `x-amz-meta-filestore`:
/// {"original_path": "...", "size": 5, "metadata": {...}}.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "filestore/metadata.h"
#include "filestore/result.h"
#include "s3/protocol/uri.h"

namespace filestore::s3 {

/// The user-defined part of an object. A value.
struct ObjectMetadata {
    std::string original_path;
    Metadata metadata;
    /// Bytes of the body that the uploader sent. Nothing where another program wrote the object.
    std::optional<std::uint64_t> size;
};

/// The headers to send, names in lower case. `invalid_argument` when they come to more than 2 KiB (names without `x-amz-meta-`, plus
/// values: S3 user guide, "User-defined object metadata").
[[nodiscard]] Result<std::vector<NameValue>> to_headers(const ObjectMetadata& object);

/// Reads them back from the headers of an answer (other headers may be among them; names in any case). `corrupt` when
/// `x-amz-meta-filestore` cannot be read.
[[nodiscard]] Result<ObjectMetadata> from_headers(const std::vector<NameValue>& headers);

}  // namespace filestore::s3
