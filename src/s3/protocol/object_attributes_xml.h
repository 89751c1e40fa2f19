#pragma once

/// What GetObjectAttributes tells (S3 API reference, "GetObjectAttributes"). Pure functions.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "filestore/result.h"
#include "s3/protocol/checksum_headers.h"

namespace filestore::s3 {

/// The value of `x-amz-object-attributes`: all that there are.
inline constexpr std::string_view all_object_attributes = "ETag,Checksum,ObjectParts,StorageClass,ObjectSize";

/// A part of a multipart object. A value.
struct AttributePart {
    std::uint32_t number = 0;
    /// Bytes.
    std::uint64_t size = 0;
    std::vector<EncodedChecksum> checksums;
};

/// A value.
struct ObjectAttributes {
    /// Without quotes.
    std::string etag;
    std::optional<std::uint64_t> size;
    /// Empty where the server sends none.
    std::string storage_class;
    std::vector<EncodedChecksum> checksums;
    std::optional<ChecksumType> checksum_type;
    /// Of the whole object; 0 where it was stored by one PUT, or the server does not tell.
    std::uint32_t part_count = 0;
    /// One page of them. Empty also where the server keeps no checksum for each part.
    std::vector<AttributePart> parts;
    bool truncated = false;
    /// For `x-amz-part-number-marker` of the next page.
    std::uint32_t next_part_marker = 0;
};

/// GetObjectAttributesResponse. A document <Error> is the Error that it means (see error_of_answer()); `corrupt` for anything else.
[[nodiscard]] Result<ObjectAttributes> parse_object_attributes(std::string_view xml);

}  // namespace filestore::s3
