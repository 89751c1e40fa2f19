#pragma once

/// What the head of a GET or HEAD answer says of an object. Pure functions.

#include <optional>

#include "filestore/backend.h"
#include "s3/protocol/object_metadata.h"
#include "s3/protocol/uri.h"

namespace filestore::s3 {

/// The part of the object that an answer's body is. A value.
struct BodyExtent {
    std::uint64_t offset = 0;
    std::uint64_t length = 0;
    /// Bytes of the whole object.
    std::uint64_t object_size = 0;
};

/// Checks that the answer is what was asked for (RFC 9110, section 14.4). `corrupt` for a 206 with another or no Content-Range, for a
/// missing or malformed length; `unsupported` for a server that ignores the range.
[[nodiscard]] Result<BodyExtent> body_extent(const std::optional<ByteRange>& asked, int status,
                                             const std::vector<NameValue>& headers);

/// `range_not_satisfiable` for a range that begins where no object can reach: servers cannot count so far, and pass over it or answer all.
[[nodiscard]] Result<void> check_in_reach(const std::optional<ByteRange>& range);

/// `bytes=0-99`, `bytes=100-`.
[[nodiscard]] std::string range_header(const ByteRange& range);

/// The user-defined part of an object of `size` bytes. `corrupt` when the headers garble it, or when its uploader sent another number of
/// bytes: some servers keep the part of a body that had arrived before the uploader died.
[[nodiscard]] Result<ObjectMetadata> object_metadata(std::uint64_t size,
                                                     const std::vector<NameValue>& headers);

/// What the headers tell of a file. `corrupt` as object_metadata(), and when they lack what must be there.
[[nodiscard]] Result<FileInfo> file_info(const FileId& id, std::uint64_t size,
                                         const std::vector<NameValue>& headers);

/// `corrupt` where a header that says one thing of an object (ETag, version, range, times, checksums) is there twice and says two.
[[nodiscard]] Result<void> check_headers(const std::vector<NameValue>& headers);

/// Content-Length; `corrupt` where it is missing or no number.
[[nodiscard]] Result<std::uint64_t> content_length(const std::vector<NameValue>& headers);

}  // namespace filestore::s3
