#pragma once

/// For stores that keep the metadata of a file apart from its bytes, so that it can be lost alone.

#include "filestore/backend.h"

namespace filestore {

/// What such a backend is, too. Thread-safe where that is.
class BareFiles {
public:
    BareFiles() = default;
    BareFiles(const BareFiles&) = delete;
    BareFiles& operator=(const BareFiles&) = delete;

    /// What the bytes alone tell of a file, whether it has metadata or not: size, time, and the version of one without metadata. Blocks. `not_found` where there are no bytes.
    [[nodiscard]] virtual Result<FileInfo> bare_info(const FileId& id) = 0;

protected:
    ~BareFiles() = default;
};

}  // namespace filestore
