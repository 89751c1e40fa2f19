#pragma once

/// Keys from the agent of a container: ECS, EKS Pod Identity, Greengrass (AWS SDKs and Tools Reference Guide, "Container credential provider").

#include "s3/credentials/provider.h"

namespace filestore::s3 {

/// What the environment says of the agent. A value.
struct ContainerEndpoint {
    std::string url;
    /// Read for each request; goes before `token`. Empty for none.
    std::string token_file;
    SecretString token;
};

/// `not_found` where no variable names an agent; `configuration` where one does, but not a place that keys may come from.
[[nodiscard]] Result<ContainerEndpoint> container_endpoint(const EnvironmentReader& environment);

/// Reads AWS_CONTAINER_CREDENTIALS_RELATIVE_URI, AWS_CONTAINER_CREDENTIALS_FULL_URI, AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE and
/// AWS_CONTAINER_AUTHORIZATION_TOKEN.
[[nodiscard]] CredentialsProviderPtr make_container_provider(ProviderContext context);

}  // namespace filestore::s3
