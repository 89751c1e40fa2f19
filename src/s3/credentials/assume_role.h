#pragma once

/// Keys of a role, for those who have keys already (STS AssumeRole).

#include "s3/credentials/provider.h"
#include "s3/protocol/sts.h"

namespace filestore::s3 {

/// Signs with what `source` gives, asked anew each time. Fails with what `source` fails with. `sts_endpoint` is empty for what the environment says.
[[nodiscard]] CredentialsProviderPtr make_assume_role_provider(ProviderContext context,
                                                               CredentialsProviderPtr source,
                                                               RoleRequest role, std::string sts_endpoint);

}  // namespace filestore::s3
