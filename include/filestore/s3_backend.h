#pragma once

/// Files in an S3-compatible store: the object's key is the file ID under an optional prefix.
///
/// Metadata: printable-ASCII strings under keys `[a-z0-9.-]+` travel as `x-amz-meta-KEY`, everything else and the original
/// path as base64 of JSON in `x-amz-meta-filestore`, with the size of the body: an object that has another one (a server kept a part of a
/// broken-off upload) is `corrupt`. Together they may be at most 2 KiB (the limit of S3), of which the size takes up to 60 bytes.

#include <memory>
#include <string>

#include "filestore/backend.h"
#include "filestore/s3_options.h"

namespace filestore {

/// A value.
struct S3Options : S3ClientOptions {
    /// Required.
    std::string bucket;
    /// Led before every file ID, for example `files/`.
    std::string key_prefix;
};

/// Opens an S3 backend; does no network I/O and starts no thread. Destroying the handle closes the backend: pending calls complete
/// with `cancelled`. Failures: `invalid_argument` for an option that cannot be right.
///
/// Failures of its calls beyond those of StorageBackend: `configuration` (the bucket does not exist, the server's certificate is not trusted), `unauthenticated`
/// (missing or wrong keys, wrong clock), `permission_denied`, `unavailable`, `timeout`, `rate_limited`.
[[nodiscard]] FILESTORE_API Result<std::shared_ptr<StorageBackend>> open_s3_backend(S3Options options);

}  // namespace filestore
