#pragma once

/// Reads the XML of S3 answers (S3 API reference, "ListObjectsV2", "Error Responses"). Pure functions. A document with a DOCTYPE is refused.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "filestore/result.h"
#include "filestore/time.h"

namespace filestore::s3 {

/// A value.
struct ListedObject {
    std::string key;
    std::uint64_t size = 0;
    Timestamp last_modified{};
};

/// A value.
struct ObjectListing {
    std::vector<ListedObject> objects;
    bool truncated = false;
    std::string next_continuation_token;
};

/// `corrupt` for anything that is not a whole ListBucketResult: truncated XML, a missing field, a truncated listing that
/// has neither objects nor a token. Keys are decoded when the answer says `<EncodingType>url</EncodingType>`.
[[nodiscard]] Result<ObjectListing> parse_listing(std::string_view xml);

/// The body of an error answer. A value; fields are empty where the body lacks them.
struct ErrorBody {
    std::string code;
    std::string message;
    std::string request_id;
    std::string region;
};

/// Nothing where the body is no S3 error document.
[[nodiscard]] std::optional<ErrorBody> parse_error(std::string_view xml);

}  // namespace filestore::s3
