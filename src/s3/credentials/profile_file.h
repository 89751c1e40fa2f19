#pragma once

/// Reads ~/.aws/config and ~/.aws/credentials (AWS SDKs and Tools Reference Guide, "Shared config and credentials files"). Pure functions.

#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "core/secret.h"
#include "filestore/result.h"

namespace filestore::s3 {

/// Names in lower case. A value.
using Profile = std::map<std::string, SecretString, std::less<>>;
/// By name. A value.
using Profiles = std::map<std::string, Profile, std::less<>>;

/// In a config file sections are called `[profile name]` (`[default]` too), in a credentials file `[name]`.
enum class ProfileFileKind { config, credentials };

/// Sections of other kinds (`[sso-session x]`) are passed over, and so are nested properties. A profile that stands there twice is one; the later
/// property counts. `configuration` for a line that is none of the format; the message holds its number, never its text.
[[nodiscard]] Result<Profiles> parse_profile_file(std::string_view text, ProfileFileKind kind);

/// Adds what `over` has to `base`; a property of `over` goes before one of `base`.
[[nodiscard]] Profiles merged_profiles(Profiles base, const Profiles& over);

}  // namespace filestore::s3
