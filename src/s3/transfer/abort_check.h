#pragma once

/// Whether an upload is gone that the server has aborted: a part that arrived while the abort ran may have been kept, and the upload has to be aborted
/// again then (S3 API reference, "AbortMultipartUpload"). Pure functions.

#include "s3/requester.h"

namespace filestore::s3 {

/// How often an upload is aborted whose parts stay.
inline constexpr unsigned most_aborts = 3;

enum class PartsLeft {
    none,
    some,
    /// There was no answer.
    unknown,
};

/// What the answer to ListParts tells. Whoever may not ask, or asks a server that knows no such question, relies on its word that it aborted the upload.
[[nodiscard]] PartsLeft parts_left(const Result<Answer>& listing);

}  // namespace filestore::s3
