#pragma once

/// S3Client::probe.

#include <span>
#include <vector>

#include "s3/client/core.h"

namespace filestore::s3 {

void probe(ClientCore& core, S3ProbeRequest request, Completion<S3ProbeResult> done);

/// The profile with what was found to be so, or not to be so. Pure function.
[[nodiscard]] Quirks quirks_found(Quirks quirks, std::span<const S3ProbeFeature> features);

}  // namespace filestore::s3
