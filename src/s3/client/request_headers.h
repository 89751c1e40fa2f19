#pragma once

/// From the requests of S3Client to headers. Pure functions; `invalid_argument` for what no header can say.

#include <vector>

#include "filestore/s3_client.h"
#include "s3/protocol/uri.h"
#include "s3/protocol/write_options.h"

namespace filestore::s3 {

/// Type, metadata, tags, storage class, encryption, payer: of the PUT, or of the request that begins a multipart upload. `tls`: a customer's key is
/// not sent without.
[[nodiscard]] Result<std::vector<NameValue>> put_headers(const S3PutRequest& request, bool tls);

[[nodiscard]] Encryption to_encryption(const S3Encryption& encryption);

/// What every request on an object needs that is stored with a customer's key, or that the reader pays for.
[[nodiscard]] Result<std::vector<NameValue>> access_headers(const S3Encryption& encryption,
                                                            bool requester_pays, bool tls);

[[nodiscard]] Result<std::vector<NameValue>> condition_headers(const S3Conditions& conditions);

/// Of CopyObject, or of the request that begins a multipart copy.
[[nodiscard]] Result<std::vector<NameValue>> copy_headers(const S3CopyRequest& request, bool tls);

/// Which object is copied, on which conditions, and the key that it is encrypted with.
[[nodiscard]] Result<std::vector<NameValue>> copy_source_headers(const S3CopyRequest& request, bool tls);

void append(std::vector<NameValue>& headers, std::vector<NameValue> more);

}  // namespace filestore::s3
