#pragma once

/// The ETag that S3 gives to what it stores unencrypted or with keys of its own (S3 API reference, "Object", ETag), without quotes. A pure
/// function. It recognises an object of ours; that an ETag is another one proves nothing.

#include <string>
#include <vector>

#include "s3/protocol/multipart_xml.h"

namespace filestore::s3 {

/// Of a multipart upload: the MD5 of the parts' MD5s and their number. Empty where the ETags of the parts are no MD5s.
[[nodiscard]] std::string multipart_etag(const std::vector<UploadedPart>& parts);

}  // namespace filestore::s3
