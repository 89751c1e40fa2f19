#pragma once

/// Where the keys come from. Thread-safe.

#include "filestore/result.h"
#include "filestore/s3_options.h"
#include "s3/protocol/signing.h"

namespace filestore::s3 {

/// The keys of the options, else those of the environment (AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN).
/// `unauthenticated` where neither has both keys; the message says what was looked at and never holds a key's value.
[[nodiscard]] Result<Credentials> find_credentials(const S3ClientOptions& options);

}  // namespace filestore::s3
