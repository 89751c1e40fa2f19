#pragma once

/// The JSON beside a local file, as the original system writes it. Pure functions.
///
/// A JSON object with the user's keys beside `file_id`, `original_path` and `size`. What the library keeps beyond them is an object
/// under `filestore`: `content_type`, `version` and, where there is one, `checksum`: `{"algorithm":"CRC64NVME","value":"<base64>"}`, of the file's bytes.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "filestore/backend.h"
#include "filestore/checksum.h"
#include "filestore/result.h"

namespace filestore::local {

/// A value.
struct Sidecar {
    FileId id;
    std::string original_path;
    /// Bytes; absent where a foreign writer did not note it.
    std::optional<std::uint64_t> size;
    std::string content_type{default_content_type};
    /// Another one for each upload; empty where a foreign writer did not note it.
    std::string version;
    /// Absent where none was kept, or one that this version does not know.
    std::optional<ChecksumValue> checksum;
    Metadata metadata;
};

/// Of what check_request() has let through: UTF-8, and none of the library's keys among the user's.
[[nodiscard]] std::string write_sidecar(const Sidecar& sidecar);

/// `corrupt` when the text is no JSON object, also read leniently (see core/stored_metadata.h), or tells of another file, or when
/// its checksum is none. A value of `filestore` that is
/// not of our writing (no object with a text `content_type`) is the user's. A content type that is not recorded under `filestore` is taken from
/// the user's own key `content_type`, which the original's upload route sets.
[[nodiscard]] Result<Sidecar> read_sidecar(const FileId& id, std::string_view json);

}  // namespace filestore::local
