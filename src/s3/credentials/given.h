#pragma once

/// Keys that the caller gave.

#include <string>

#include "s3/credentials/provider.h"

namespace filestore::s3 {

/// `invalid_argument` for half of a pair, and where one cannot be sent.
[[nodiscard]] Result<Credentials> given_keys(std::string access_key, SecretString secret_key,
                                             SecretString session_token);

/// Always gives the same.
[[nodiscard]] CredentialsProviderPtr make_given_provider(Result<Credentials> keys);

}  // namespace filestore::s3
