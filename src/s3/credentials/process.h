#pragma once

/// Keys that a program prints: the credential_process of a profile (AWS CLI User Guide, "Sourcing credentials with an external process").

#include "s3/credentials/child_process.h"
#include "s3/credentials/provider.h"

namespace filestore::s3 {

/// Runs the command, which names the program and its arguments (see command_line.h), each time, on the executor. Fails as run_child() does, and with `corrupt`.
[[nodiscard]] CredentialsProviderPtr make_process_provider(ProviderContext context, std::string command,
                                                           ChildLimits limits = {});

}  // namespace filestore::s3
