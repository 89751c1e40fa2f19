#pragma once

/// The headers of the tus protocol 1.0 for resumable uploads. Pure functions.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "filestore/resumable_upload.h"
#include "filestore/service.h"
#include "serve/message.h"

namespace filestore::tool::serve::tus {

inline constexpr std::string_view version = "1.0.0";
inline constexpr std::string_view extensions =
    "creation,creation-with-upload,creation-defer-length,expiration,checksum,termination";
inline constexpr std::string_view checksum_algorithms = "sha1,sha256,crc32";
/// Of a body that is a piece of a file.
inline constexpr std::string_view piece_type = "application/offset+octet-stream";

/// A pair of Upload-Metadata. A value.
struct MetadataPair {
    std::string key;
    std::string value;
};

/// Upload-Metadata: keys of printable ASCII, each once, with a blank and base64 behind them, or none. `invalid_argument`.
[[nodiscard]] Result<std::vector<MetadataPair>> parse_metadata(std::string_view text);

/// Upload-Checksum: an algorithm of `checksum_algorithms`, a blank, and base64. `invalid_argument`.
[[nodiscard]] Result<ChecksumValue> parse_checksum(std::string_view text);

/// What is to be stored: `filename` (or `name`) is the name, `filetype` (or `type`) the type, anything else the user's metadata. `invalid_argument`.
[[nodiscard]] Result<NewUpload> upload_of(const std::vector<MetadataPair>& pairs);

/// The pairs that upload_of() makes the same upload of; empty where there are none.
[[nodiscard]] std::string metadata_header(const ResumableUpload& upload);

}  // namespace filestore::tool::serve::tus
