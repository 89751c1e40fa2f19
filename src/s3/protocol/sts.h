#pragma once

/// Requests and answers of the Security Token Service (AWS STS API Reference, version 2011-06-15). Pure functions.

#include <chrono>
#include <span>
#include <string>
#include <string_view>

#include "core/secret.h"
#include "filestore/result.h"
#include "filestore/time.h"
#include "s3/protocol/signing.h"

namespace filestore::s3 {

/// The role that is asked for. A value; what is empty is not sent.
struct RoleRequest {
    std::string role_arn;
    std::string session_name;
    std::string external_id;
    std::string policy;
    std::chrono::seconds duration{3600};
};

/// The body of AssumeRole, which is signed.
[[nodiscard]] std::string assume_role_form(const RoleRequest& role);

/// The body of AssumeRoleWithWebIdentity, which is not: the token stands in it.
[[nodiscard]] std::string web_identity_form(const RoleRequest& role, std::string_view token);

/// Keys of a role. A value; its secrets are wiped when it goes.
struct StsKeys {
    Credentials keys;
    Timestamp expires_at{};
};

/// `corrupt` for anything that is not a whole answer with keys in it. The parser works in the text: no copy of a secret stays behind.
[[nodiscard]] Result<StsKeys> parse_sts_keys(SecretString xml);

/// What an answer of another status than 200 means: `unauthenticated` (the keys or the token are refused), `permission_denied` (the role may not be assumed),
/// `configuration` (the request cannot be right), `rate_limited`, `unavailable`. The server's code and message stand in the message, `secrets`
/// cut out of them.
[[nodiscard]] Error error_of_sts_answer(int status, std::string_view body,
                                        std::span<const SecretString> secrets);

}  // namespace filestore::s3
