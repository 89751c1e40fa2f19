#pragma once

/// Keys of a role, for the holder of an identity token: EKS service accounts, CI jobs (STS AssumeRoleWithWebIdentity).

#include <optional>

#include "s3/credentials/provider.h"
#include "s3/protocol/sts.h"

namespace filestore::s3 {

/// A value.
struct WebIdentity {
    std::string token_file;
    RoleRequest role;
};

/// AWS_WEB_IDENTITY_TOKEN_FILE, AWS_ROLE_ARN and AWS_ROLE_SESSION_NAME. `not_found` where no token file is named; `configuration` where no role is.
[[nodiscard]] Result<WebIdentity> web_identity_of_environment(const EnvironmentReader& environment);

/// Reads the token file each time, for its owner replaces it. Without an `identity` the environment is asked, each time. `sts_endpoint` is empty for what the
/// environment says.
[[nodiscard]] CredentialsProviderPtr make_web_identity_provider(ProviderContext context,
                                                                std::optional<WebIdentity> identity,
                                                                std::string sts_endpoint);

}  // namespace filestore::s3
