#pragma once

/// Metadata that was stored once, by whatever program.

#include <string_view>

#include "filestore/metadata.h"

namespace filestore {

/// Only gives Metadata a second way to be read.
class StoredMetadata {
public:
    /// As Metadata::parse, but what the original's json.dump wrote is read too (see python_json.h), of any size and to 4,096 levels: more
    /// than Python writes. A file must not get lost because its metadata would be refused today.
    [[nodiscard]] static Result<Metadata> read(std::string_view json);
};

}  // namespace filestore
