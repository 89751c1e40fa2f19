#pragma once

/// The credential chain.

#include <vector>

#include "filestore/s3_credentials.h"
#include "s3/credentials/provider.h"

namespace filestore::s3 {

/// Asks one provider after the other and gives the keys of the first that is set up. Where that one fails the search ends: a client does not go on quietly under
/// another identity. The error's message is one line, with each provider and why it gave nothing; its code is that of the failure, and `unauthenticated` where no
/// provider is set up.
[[nodiscard]] CredentialsProviderPtr make_chain(std::vector<CredentialsProviderPtr> providers);

/// What a client asks for its keys, as `options` say; caches and renews (see refreshing.h). Does no I/O and reads nothing. `invalid_argument` for options that
/// contradict each other, for keys and roles that cannot be right, and for endpoints that are none.
[[nodiscard]] Result<CredentialsProviderPtr> make_credentials_provider(const S3Credentials& options,
                                                                       const ProviderContext& context);

}  // namespace filestore::s3
