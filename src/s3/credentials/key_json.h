#pragma once

/// Keys as JSON: the answers of container and instance metadata endpoints (AWS EC2 User Guide, "Retrieve security credentials"), and what a
/// credential_process prints (AWS CLI User Guide, "Sourcing credentials with an external process"). Pure functions. No message holds a value of a member
/// that may be secret.

#include "core/secret.h"
#include "s3/credentials/provider.h"

namespace filestore::s3 {

/// AccessKeyId, SecretAccessKey, Token, Expiration. `corrupt` where it is no JSON object with the keys in it; `unauthenticated` where its Code is another than
/// Success.
[[nodiscard]] Result<ResolvedCredentials> parse_metadata_keys(SecretString json);

/// Version 1, AccessKeyId, SecretAccessKey, SessionToken, Expiration. `corrupt` as above, and for another version.
[[nodiscard]] Result<ResolvedCredentials> parse_process_keys(SecretString json);

}  // namespace filestore::s3
