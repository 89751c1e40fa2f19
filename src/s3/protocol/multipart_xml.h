#pragma once

/// The XML of multipart uploads (S3 API reference, "CreateMultipartUpload", "CompleteMultipartUpload", "ListParts", "ListMultipartUploads"). Pure
/// functions. Each reader answers `corrupt` for anything but its whole document, and for a document <Error>, which a server may send with status
/// 200, the Error that it means (see error_of_answer()). ETags are kept without quotes.

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "filestore/result.h"
#include "filestore/time.h"
#include "s3/protocol/checksum_headers.h"

namespace filestore::s3 {

/// The upload's id: InitiateMultipartUploadResult.
[[nodiscard]] Result<std::string> parse_upload_id(std::string_view xml);

/// A part that the server has. A value.
struct UploadedPart {
    std::uint32_t number = 0;
    std::string etag;
    /// Of the part's bytes: those that the upload asked for; part_count is 0.
    std::optional<EncodedChecksum> checksum;

    friend bool operator==(const UploadedPart&, const UploadedPart&) = default;
};

/// The body of CompleteMultipartUpload. `internal` unless the parts are ordered by number, each once, 1 to 10,000, and there is one.
[[nodiscard]] Result<std::string> complete_multipart_body(std::span<const UploadedPart> parts);

/// CompleteMultipartUploadResult: the ETag, which may be empty. Blanks before the document are skipped. An empty body is `corrupt`: the server died on the way, and the outcome
/// is not known.
[[nodiscard]] Result<std::string> parse_completed_upload(std::string_view xml);

/// A value.
struct ListedPart {
    std::uint32_t number = 0;
    /// Bytes.
    std::uint64_t size = 0;
    /// Empty where the server sends none (s3s-fs).
    std::string etag;
    std::vector<EncodedChecksum> checksums;
};

/// A value.
struct PartListing {
    /// Ordered by number, whatever order the server has.
    std::vector<ListedPart> parts;
    bool truncated = false;
    /// For `part-number-marker` of the next page; the last part's number where the server names none.
    std::uint32_t next_marker = 0;
};

/// ListPartsResult. `corrupt` also where a truncated page names no part past the marker that it was asked for.
[[nodiscard]] Result<PartListing> parse_part_listing(std::string_view xml, std::uint32_t asked_marker = 0);

/// An upload that is not completed. A value.
struct ListedUpload {
    std::string key;
    std::string upload_id;
    Timestamp initiated{};
};

/// A value.
struct UploadListing {
    std::vector<ListedUpload> uploads;
    std::vector<std::string> common_prefixes;
    bool truncated = false;
    /// For `key-marker` and `upload-id-marker` of the next page; those of the last upload where the server names none.
    std::string next_key_marker;
    std::string next_upload_id_marker;
};

/// ListMultipartUploadsResult.
[[nodiscard]] Result<UploadListing> parse_upload_listing(std::string_view xml);

}  // namespace filestore::s3
