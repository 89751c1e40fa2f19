#pragma once

/// What the bytes of a part are known by. They are read for it, which may block, and fails where they are in a file that cannot be read.

#include <string>

#include "filestore/checksum.h"
#include "s3/transfer/part_buffer.h"

namespace filestore::s3 {

[[nodiscard]] Result<ChecksumValue> checksum_of(ChecksumAlgorithm algorithm, const PartBuffer& part);

/// Of the SHA-256, in hexadecimal.
[[nodiscard]] Result<std::string> sha256_of(const PartBuffer& part);

/// The ETag that S3 gives to what it stores by one PUT, unencrypted or with keys of its own: the MD5.
[[nodiscard]] Result<std::string> plain_etag(const PartBuffer& part);

}  // namespace filestore::s3
