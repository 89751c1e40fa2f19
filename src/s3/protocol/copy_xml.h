#pragma once

/// Copies on the server (S3 API reference, "CopyObject", "UploadPartCopy"). Pure functions.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "filestore/result.h"
#include "filestore/time.h"
#include "s3/protocol/checksum_headers.h"

namespace filestore::s3 {

/// The value of `x-amz-copy-source`: `/bucket/key`, encoded, and `?versionId=...` unless `version_id` is empty.
[[nodiscard]] std::string copy_source(std::string_view bucket, std::string_view key,
                                      std::string_view version_id = {});

/// The value of `x-amz-copy-source-range`: `bytes=0-99`. `length` is not 0.
[[nodiscard]] std::string copy_source_range(std::uint64_t offset, std::uint64_t length);

/// What a copy made. A value.
struct CopyResult {
    /// Without quotes.
    std::string etag;
    /// The epoch where the server does not tell (seen for parts: s3s-fs 0.14.1).
    Timestamp last_modified{};
    std::vector<EncodedChecksum> checksums;
};

/// CopyObjectResult. A document <Error>, which comes with status 200, is the Error that it means (see error_of_answer()); `corrupt` for anything
/// else. Blanks before the document are skipped.
[[nodiscard]] Result<CopyResult> parse_copy_object(std::string_view xml);

/// CopyPartResult, or the CopyObjectResult that some servers answer in its place (seen: s3proxy 4.1.0); as parse_copy_object().
[[nodiscard]] Result<CopyResult> parse_copy_part(std::string_view xml);

}  // namespace filestore::s3
