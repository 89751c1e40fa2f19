#pragma once

/// Keys of a profile of the shared files.

#include <string>

#include "s3/credentials/provider.h"

namespace filestore::s3 {

/// What a profile provider is made of. A value.
struct ProfileSettings {
    /// Empty: AWS_PROFILE, else `default`.
    std::string name;
    std::string sts_endpoint;
    std::string instance_metadata_endpoint;
};

/// Reads both files each time, on the executor. `not_found` where the profile that nobody chose, `default`, is not there or cannot be read; `configuration` where a profile
/// was chosen and is not there, and for a mistake in the files.
[[nodiscard]] CredentialsProviderPtr make_profile_provider(ProviderContext context, ProfileSettings settings);

}  // namespace filestore::s3
