#pragma once

/// One request to a Security Token Service, with its attempts.

#include <functional>
#include <optional>
#include <string>

#include "s3/credentials/fetch.h"
#include "s3/protocol/sts.h"

namespace filestore::s3 {

/// Where roles are assumed. A value.
struct StsPlace {
    /// A URL.
    std::string endpoint;
    std::string region;
};

/// The region is that of AWS_REGION, AWS_DEFAULT_REGION, else the context's; the endpoint is `given`, that of AWS_ENDPOINT_URL_STS, else AWS's of the region.
[[nodiscard]] StsPlace sts_place(const ProviderContext& context, const std::string& given);

/// `filestore-` and the time, where the caller names none.
[[nodiscard]] std::string session_name_or_default(const std::string& given, Timestamp now);

/// A value.
struct StsCall {
    StsPlace place;
    SecretString form;
    /// None: not signed.
    std::optional<Credentials> signing_keys;
    /// What no message may repeat, beside the keys and the signature.
    Secrets secrets{};
};

/// Sends it; each attempt is signed with its own time. Failures: those of fetch() and of sts.h, `configuration` for an endpoint that cannot be used. Never blocks.
void call_sts(const ProviderContext& context, const std::stop_token& cancel, StsCall call,
              const ReplyPtr<ResolvedCredentials>& reply);

}  // namespace filestore::s3
