#pragma once

/// Files in an S3-compatible store: the object's key is the file ID under an optional prefix.
///
/// Metadata: printable-ASCII strings under keys `[a-z0-9.-]+` travel as `x-amz-meta-KEY`, everything else and the original
/// path as base64 of JSON in `x-amz-meta-filestore`, with the size of the body: an object that has another one (a server kept a part of a
/// broken-off upload) is `corrupt`. Together they may be at most 2 KiB (the limit of S3), of which the size takes up to 60 bytes.

#include <memory>
#include <string>

#include "filestore/backend.h"
#include "filestore/s3_client.h"
#include "filestore/s3_options.h"

namespace filestore {

/// What becomes of a file that is removed from a bucket with versions. A value.
enum class S3VersionedRemoval {
    /// It gets a marker, and the bucket keeps its bytes as older versions until a rule of the bucket's own removes them. CleanupReport::bytes_in_versions tells of how many bytes.
    marker,
    /// All versions of it are removed as well, which needs the right to list and remove versions. What could not be purged stays hidden by the marker, and the file is gone all the same; it counts as bytes in versions.
    purge,
    /// Nothing is removed from a bucket that keeps versions, or once did, which is asked before each removal: they fail with `precondition_failed`.
    error,
};

/// A value.
struct S3Options : S3ClientOptions {
    /// Required.
    std::string bucket;
    /// Led before every file ID, for example `files/`.
    std::string key_prefix;

    /// Of every file: uploads ask for it, and reads have what a customer's key needs. No URL can carry it: presign() of an upload is `unsupported` with any,
    /// and that of a read with a customer's key.
    S3Encryption encryption{};
    /// Of every upload (`STANDARD_IA`, ...), but not of what is stored by a presigned URL; the bucket's own where it is empty.
    std::string storage_class{};
    /// Of every request, presigned URLs included: see S3PutRequest::requester_pays.
    bool requester_pays = false;
    S3VersionedRemoval versioned_removal = S3VersionedRemoval::marker;
};

/// Opens an S3 backend; does no network I/O and starts no thread. Destroying the handle closes the backend: pending calls complete
/// with `cancelled`. Failures: `invalid_argument` for an option that cannot be right, `unsupported` in a library without S3 (FILESTORE_WITH_S3), and for an encryption or a storage class that the server is known not to have.
///
/// Failures of its calls beyond those of StorageBackend: `configuration` (the bucket does not exist, the server's certificate is not trusted), `unauthenticated`
/// (missing or wrong keys, wrong clock), `permission_denied`, `unavailable`, `timeout`, `rate_limited`.
[[nodiscard]] FILESTORE_API Result<std::shared_ptr<StorageBackend>> open_s3_backend(S3Options options);

}  // namespace filestore
