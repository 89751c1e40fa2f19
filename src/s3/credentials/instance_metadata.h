#pragma once

/// Keys of an EC2 instance, by IMDSv2 (AWS EC2 User Guide, "Use the Instance Metadata Service").

#include "s3/credentials/provider.h"

namespace filestore::s3 {

/// Where the service is, without a slash at its end. `given` goes before AWS_EC2_METADATA_SERVICE_ENDPOINT and AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE (IPv4 or IPv6).
/// `not_found` where AWS_EC2_METADATA_DISABLED is `true`; `configuration` for a URL that cannot be used.
[[nodiscard]] Result<std::string> instance_metadata_endpoint(const std::string& given,
                                                             const EnvironmentReader& environment);

/// Two attempts for each request, each with one second to connect. `not_found` where nothing answers: not every machine is an instance. `endpoint` is empty for
/// what the environment says.
[[nodiscard]] CredentialsProviderPtr make_instance_metadata_provider(ProviderContext context,
                                                                     std::string endpoint);

}  // namespace filestore::s3
