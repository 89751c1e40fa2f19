#pragma once

/// Verifies a store that compares what it downloads with checksums of its own: every file is downloaded, and its bytes dropped.

#include <memory>

#include "filestore/backend.h"

namespace filestore {

/// What StorageBackend::verify_async promises, but for `repair` and `resume`, which are `unsupported`. The backend's list() and download() do the work; a file
/// whose download is `corrupt` is damaged. How many files have no checksum is not known.
void verify_by_download(std::shared_ptr<StorageBackend> backend, VerifyRequest request,
                        Completion<VerifyReport> done);

}  // namespace filestore
