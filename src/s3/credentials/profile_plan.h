#pragma once

/// What a profile says about its keys: how to get the first ones, and which roles to assume with them in turn. Pure functions.

#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "s3/credentials/profile_file.h"
#include "s3/credentials/web_identity.h"

namespace filestore::s3 {

/// The command line of a credential_process. A value.
struct ProcessCommand {
    std::string line;
};

/// What credential_source may say.
enum class CredentialSource { environment, instance_metadata, container };

/// A value.
struct ProfilePlan {
    std::variant<Credentials, ProcessCommand, WebIdentity, CredentialSource> base;
    /// The first is assumed with the base's keys, the next with the keys of the first.
    std::vector<RoleRequest> roles;
    /// The `region` of the profile that was asked for; empty where it has none.
    std::string region;
};

/// `not_found` where there is no such profile, or nothing in it about keys; `configuration` for a mistake in it: half of the keys, a circle of source_profile,
/// an unknown credential_source, sso and MFA (which need a person at a terminal).
[[nodiscard]] Result<ProfilePlan> plan_of_profile(const Profiles& profiles, std::string_view name);

}  // namespace filestore::s3
