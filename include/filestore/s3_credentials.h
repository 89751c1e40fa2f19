#pragma once

/// Where the keys of an S3 client come from. `S3Credentials` is a value.
///
/// Nothing is read when a client is made: files, environment and endpoints are read when the first request needs keys, and again when keys run out. Keys that
/// expire are renewed five minutes ahead, by one request however many calls wait, while calls go on with those that still hold.
///
/// Keys are taken from the first of these that is set up. One that is set up and fails ends the search, so that a client never goes on quietly under
/// another identity; the error names each and says why it gave nothing.
///
/// 1. The keys given here.
/// 2. Environment: `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`, `AWS_SESSION_TOKEN`.
/// 3. Web identity: `AWS_WEB_IDENTITY_TOKEN_FILE` and `AWS_ROLE_ARN`, `AWS_ROLE_SESSION_NAME`. The file is read for each request.
/// 4. A profile of the files `AWS_SHARED_CREDENTIALS_FILE` (`$HOME/.aws/credentials`) and `AWS_CONFIG_FILE` (`$HOME/.aws/config`), chosen by
///    `AWS_PROFILE` (`default`): keys, `credential_process`, `role_arn` with `source_profile`, `credential_source` or `web_identity_token_file`
///    (and `external_id`, `role_session_name`, `duration_seconds`). A `credential_process` is started without a shell, and ended after 60 seconds.
/// 5. Container: `AWS_CONTAINER_CREDENTIALS_RELATIVE_URI` or `AWS_CONTAINER_CREDENTIALS_FULL_URI`, `AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE`
///    (read for each request) or `AWS_CONTAINER_AUTHORIZATION_TOKEN`.
/// 6. Instance metadata (IMDSv2), unless `AWS_EC2_METADATA_DISABLED` is `true`; `AWS_EC2_METADATA_SERVICE_ENDPOINT`, `AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE`.
///
/// Roles are assumed at `AWS_ENDPOINT_URL_STS`, else at AWS in `AWS_REGION`, `AWS_DEFAULT_REGION`, the `region` of the profile or the region of the client. Metadata endpoints are
/// never asked through a proxy.

#include <chrono>
#include <string>

#include "filestore/secret.h"

namespace filestore {

/// A role to assume. A value.
struct S3Role {
    /// `arn:aws:iam::123456789012:role/name`; empty for none.
    std::string role_arn{};
    /// Stands in the logs of AWS; made up where it is empty.
    std::string session_name{};
    /// What the role's owner asks for, if anything.
    std::string external_id{};
    /// A policy in JSON that narrows the role's; none where it is empty.
    std::string policy{};
    /// 15 minutes to 12 hours; the role's own setting may allow less.
    std::chrono::seconds duration{3600};
};

/// Which parts of the environment may be asked. A value.
struct S3CredentialProviders {
    bool environment = true;
    bool web_identity = true;
    bool profile = true;
    bool container = true;
    bool instance_metadata = true;
};

/// A value; its secrets are wiped when it goes or is assigned to.
struct S3Credentials {
    /// Both, or neither: then the others are asked. Half of a pair, and what no header can have, is `invalid_argument` when a client is opened.
    std::string access_key{};
    SecretString secret_key{};
    SecretString session_token{};

    /// Requests are not signed; no keys are looked for. Not with keys, a profile or a role.
    bool anonymous = false;

    /// Only this profile is asked.
    std::string profile{};
    S3CredentialProviders allowed{};

    /// Assumed with the keys that were found.
    S3Role role{};

    /// `https://host`: in place of AWS's STS.
    std::string sts_endpoint{};
    /// `http://host`: in place of `http://169.254.169.254`.
    std::string instance_metadata_endpoint{};
};

}  // namespace filestore
