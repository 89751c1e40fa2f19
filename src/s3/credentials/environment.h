#pragma once

/// Keys from AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN.

#include "s3/credentials/provider.h"

namespace filestore::s3 {

/// `not_found` where neither key is set, `unauthenticated` where one is missing. Not checked: see checked_keys().
[[nodiscard]] Result<Credentials> keys_of_environment(const EnvironmentReader& environment);

/// Never expires.
[[nodiscard]] CredentialsProviderPtr make_environment_provider(EnvironmentReader environment);

}  // namespace filestore::s3
