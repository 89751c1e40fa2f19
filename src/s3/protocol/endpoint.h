#pragma once

/// From options to URLs. Pure functions.

#include <string>
#include <string_view>
#include <vector>

#include "filestore/result.h"
#include "filestore/s3_options.h"
#include "s3/protocol/uri.h"

namespace filestore::s3 {

/// Where a bucket is. A value.
struct Endpoint {
    /// "http" or "https".
    std::string scheme;
    /// Host and port as the Host header has them: the bucket led for virtual-host addressing, no default port, IPv6 in brackets.
    std::string host;
    /// What stands before the key, encoded: the endpoint's own path and, for path style, the bucket. Empty or starts with `/`;
    /// no slash at its end.
    std::string path;

    [[nodiscard]] bool is_tls() const noexcept { return scheme == "https"; }
};

/// A request target. A value.
struct Target {
    /// Encoded, starts with `/`: what is signed.
    std::string path;
    /// scheme://host/path?query: what is sent.
    std::string url;
};

/// `invalid_argument` when bucket, region or endpoint cannot be right: an empty or malformed bucket (3 to 63 of [a-z0-9.-], also A-Z
/// and _ for old buckets in path style), another scheme, user information, a query or a fragment in the endpoint, control characters, an endpoint beside dual_stack.
///
/// `learned_region`: where the bucket turned out to be; empty where nothing is known. A host of AWS, also one that was given, is that of this region then.
[[nodiscard]] Result<Endpoint> resolve_endpoint(const S3ClientOptions& options, std::string_view bucket,
                                                std::string_view learned_region = {});

/// The host of the endpoint, without port; empty for AWS and for an endpoint that cannot be right.
[[nodiscard]] std::string endpoint_host(const S3ClientOptions& options);

/// Whether requests travel encrypted.
[[nodiscard]] bool is_over_tls(const S3ClientOptions& options) noexcept;

/// What of resolve_endpoint() does not depend on a bucket.
[[nodiscard]] Result<void> check_endpoint(const S3ClientOptions& options);

/// The object with this key (empty: the bucket itself) and these decoded query parameters.
[[nodiscard]] Target object_target(const Endpoint& endpoint, std::string_view key,
                                   const std::vector<NameValue>& query);

}  // namespace filestore::s3
